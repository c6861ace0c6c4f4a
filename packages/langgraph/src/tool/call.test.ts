import { HumanMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { Annotation, MessagesAnnotation, StateGraph } from "@langchain/langgraph";
import { definePlugin } from "@graphtap/kernel";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { hooks } from "../hooks/index.js";
import type { ToolCall } from "../hooks/tool.js";
import { createStack } from "../stack.js";

const State = Annotation.Root({ ...MessagesAnnotation.spec, city: Annotation<string>, found: Annotation<string> });

function lab(schema: z.ZodObject) {
  const judged: ToolCall[] = [];
  const ran: unknown[] = [];
  const guard = definePlugin({
    name: "guard",
    version: "1.0.0",
    identity: "none",
    setup: (api) => void api.tap(hooks.tool.authorize, (call) => void judged.push(call)),
  });
  const lookup = tool(
    async (args: unknown) => {
      ran.push(args);
      return { found: "rain" };
    },
    { name: "lookup", schema },
  );
  const graph = new StateGraph(State)
    .addNode("lookup", lookup as never)
    .addEdge("__start__", "lookup")
    .compile();
  return {
    judged,
    ran,
    run: () =>
      createStack({ plugins: [guard()] })
        .wrap(graph)
        .invoke({ messages: [new HumanMessage("hi")], city: "Oslo" }),
  };
}

describe("a tool that is a node, given the whole state", () => {
  it("is judged by what its schema takes of it, and the messages stay the host's", async () => {
    const { judged, ran, run } = lab(z.object({ city: z.string() }));
    const out = await run();
    expect(ran).toEqual([{ city: "Oslo" }]);
    expect(judged.map(({ raw, parsed }) => ({ raw, parsed }))).toEqual([
      { raw: { city: "Oslo" }, parsed: { city: "Oslo" } },
    ]);
    expect(Object.isFrozen(out.messages[0])).toBe(false);
  });

  it("is refused where its schema takes what nobody can freeze", async () => {
    const { judged, ran, run } = lab(z.object({ messages: z.array(z.any()) }));
    await expect(run()).rejects.toMatchObject({ code: "ARGUMENTS_UNREADABLE" });
    expect({ judged, ran }).toEqual({ judged: [], ran: [] });
  });
});
