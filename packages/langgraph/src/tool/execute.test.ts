import { AIMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode } from "@langchain/langgraph/prebuilt";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { createStack, definePlugin, hooks, type PluginApi } from "../index.js";

const later = (value: unknown) => ({ then: (give: (value: unknown) => void) => give(value) });

function lab(used: unknown, more: (api: PluginApi) => void = () => undefined) {
  const ends: unknown[] = [];
  const plugin = definePlugin({
    name: "acme-ends",
    version: "1.0.0",
    identity: "none",
    setup(api) {
      more(api);
      api.tap(hooks.tool.end, ({ status, code }) => void ends.push([status, code]));
    },
  });
  const stack = createStack({ plugins: [plugin()] });
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("tools", new ToolNode([used as never]))
    .addEdge(START, "tools")
    .compile();
  const last = async (run: typeof graph): Promise<unknown> => {
    const asked = new AIMessage({ content: "", tool_calls: [{ name: "lookup", args: { x: 1 }, id: "c-1" }] });
    const message = (await run.invoke({ messages: [asked] })).messages.at(-1);
    return [(message as { status?: unknown }).status, message?.content];
  };
  return { stack, ends, bare: () => last(graph), wrapped: () => last(stack.wrap(graph)) };
}

describe("a tool with an invoke of its own", () => {
  const own = (invoke: () => unknown) => ({ name: "lookup", description: "", schema: z.object({}), invoke });

  for (const [name, invoke] of Object.entries<() => unknown>({
    "answers at once": () => "plain",
    "answers nothing": () => undefined,
    "answers with another library's promise": () => later("plain"),
  }))
    it(`that ${name} does so under observers as well`, async () => {
      const { stack, ends, bare, wrapped } = lab(own(invoke));
      expect(await wrapped()).toEqual(await bare());
      expect(ends).toEqual([["ok", null]]);
      const direct = stack.wrapTool(own(invoke) as never) as { invoke(args: object): Promise<unknown> };
      expect(await direct.invoke({})).toEqual(await invoke());
    });
});

describe("a tap of tool.call", () => {
  const lookup = tool(async () => "ran", { name: "lookup", schema: z.object({ x: z.number() }) });

  for (const [name, answer] of Object.entries({
    "at once": { value: "kept" },
    "with another library's promise": later({ value: "kept" }),
  }))
    it(`may answer ${name}, and the call is told to its end`, async () => {
      const { ends, wrapped } = lab(lookup, (api) => api.tap(hooks.tool.call, (() => answer) as never));
      expect(await wrapped()).toEqual(["success", "kept"]);
      expect(ends).toEqual([["ok", null]]);
    });
});
