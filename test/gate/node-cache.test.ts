import { InMemoryCache } from "@langchain/langgraph-checkpoint";
import { entrypoint, MessagesAnnotation, START, StateGraph, task } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { createStack } from "@graphtap/langgraph";
import { security } from "graphtap";
import { tool } from "@langchain/core/tools";
import { AIMessage } from "@langchain/core/messages";
import { describe, expect, it } from "vitest";
import { z } from "zod";

const SECRET = "the secret result";
const call = {
  messages: [
    new AIMessage({ content: "", id: "a", tool_calls: [{ type: "tool_call", name: "lookup", args: {}, id: "c" }] }),
  ],
};

function house() {
  const stack = createStack({ plugins: [security()] });
  const grant = (userId: string) =>
    stack.get(security).grantToolPermission({ userId, toolName: "lookup", permissionLevel: "admin" });
  grant("alice");
  let ran = 0;
  const lookup = tool(async () => (ran++, SECRET), {
    name: "lookup",
    description: "Looks up.",
    schema: z.object({}),
  });
  return { stack, lookup, grant, ran: () => ran };
}

/** A hit in LangGraph's cache of nodes runs nothing, so no guard is asked. */
describe("a cached ToolNode", () => {
  const graphOf = ({ stack, lookup }: ReturnType<typeof house>, where: "graph" | "call") => {
    const cache = new InMemoryCache<never>();
    const graph = stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("tools", new ToolNode([lookup]), { cachePolicy: { ttl: 60 } })
        .addEdge(START, "tools")
        .compile(where === "graph" ? { cache } : {}),
    );
    return async (userId: string) => {
      const config = where === "call" ? stack.as({ userId }, { cache }) : stack.as({ userId });
      return (await graph.invoke(call, config)).messages.at(-1)?.content;
    };
  };
  for (const where of ["graph", "call"] as const) {
    it(`gives nobody what another may see, cache of the ${where}`, async () => {
      const ask = graphOf(house(), where);
      expect(await ask("alice")).toBe(SECRET);
      expect(await ask("bob")).toContain("PERMISSION_NOT_GRANTED");
      expect(await ask("alice")).toBe(SECRET);
    });
    it(`takes what was granted and revoked since then into account, cache of the ${where}`, async () => {
      const h = house();
      const ask = graphOf(h, where);
      expect(await ask("bob")).toContain("PERMISSION_NOT_GRANTED");
      h.grant("bob");
      expect(await ask("bob")).toBe(SECRET);
      h.stack.get(security).revokeToolPermission({ userId: "bob", toolName: "lookup" });
      expect(await ask("bob")).toContain("PERMISSION_NOT_GRANTED");
    });
  }
});

describe("cached code that calls a governed tool", () => {
  it("has a cache for each principal: of a node", async () => {
    const h = house();
    const governed = h.stack.wrapTool(h.lookup);
    const graph = h.stack.wrap(
      new StateGraph(MessagesAnnotation)
        .addNode("code", async () => ({ messages: [new AIMessage(String(await governed.invoke({})))] }), {
          cachePolicy: { ttl: 60 },
        })
        .addEdge(START, "code")
        .compile({ cache: new InMemoryCache<never>() }),
    );
    const ask = (userId: string) => graph.invoke(call, h.stack.as({ userId }));
    await ask("alice");
    await expect(ask("bob")).rejects.toMatchObject({ code: "PERMISSION_NOT_GRANTED" });
    await ask("alice");
    expect(h.ran()).toBe(1);
  });
  it("has a cache for each principal: of a task of the functional API", async () => {
    const h = house();
    const governed = h.stack.wrapTool(h.lookup);
    const work = task({ name: "work", cachePolicy: { ttl: 60 } }, async (_what: string) =>
      String(await governed.invoke({})),
    );
    const flow = h.stack.wrap(
      entrypoint({ name: "flow", cache: new InMemoryCache<never>() }, async (what: string) => work(what)),
    );
    const ask = (userId: string) => flow.invoke("x", h.stack.as({ userId }));
    expect(await ask("alice")).toBe(SECRET);
    await expect(ask("bob")).rejects.toMatchObject({ code: "PERMISSION_NOT_GRANTED" });
    expect(await ask("alice")).toBe(SECRET);
    expect(h.ran()).toBe(1);
  });
});
