import { scriptedModel, scriptedTool } from "@graphtap/testkit";
import { MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { describe, expect, it } from "vitest";
import { createStack, DeniedError, definePlugin, deny, hooks, isDenied, type PluginApi } from "../index.js";

const refused = (hook: string): DeniedError =>
  new DeniedError("this", {
    code: "ACME_NO",
    message: "Not this.",
    reason: "acme says so",
    fix: "Ask acme.",
    plugin: "acme",
    hook,
  });
const made = (setup: (api: PluginApi) => void) =>
  definePlugin({ name: "acme", version: "1.0.0", identity: "none", setup })();

function lab(setup: (api: PluginApi) => void) {
  const told: unknown[][] = [];
  const watch = definePlugin({
    name: "watch",
    version: "1.0.0",
    identity: "none",
    setup(api) {
      api.tap(
        hooks.tool.denied,
        ({ code, reason, plugin, fix }) => void told.push(["tool", code, reason, plugin, fix]),
      );
      api.tap(hooks.tool.end, ({ status, code }) => void told.push(["tool.end", status, code]));
      api.tap(hooks.model.end, ({ status, code }) => void told.push(["model.end", status, code]));
      api.tap(hooks.run.denied, ({ code, reason, plugin }) => void told.push(["run", code, reason, plugin]));
      api.tap(hooks.run.end, ({ status, code }) => void told.push(["run.end", status, code]));
    },
  })();
  const stack = createStack({ plugins: [made(setup), watch] });
  const tool = scriptedTool("look", "seen");
  const model = stack.wrapModel(
    scriptedModel((messages) =>
      messages.at(-1)?.type === "tool" ? { say: "done" } : { call: { name: "look", args: {} } },
    ).bindTools([tool]),
  );
  const graph = stack.wrap(
    new StateGraph(MessagesAnnotation)
      .addNode("agent", async (state, config) => ({ messages: [await model.invoke(state.messages, config)] }))
      .addNode("tools", new ToolNode([tool]))
      .addEdge(START, "agent")
      .addConditionalEdges("agent", toolsCondition)
      .addEdge("tools", "agent")
      .compile(),
  );
  const input = { messages: [{ role: "user" as const, content: "hi" }] };
  const ways: Readonly<Record<string, () => Promise<unknown>>> = {
    invoke: () => graph.invoke(input),
    stream: async () => {
      for await (const _ of await graph.stream(input, { streamMode: "messages" }));
    },
    "streamEvents v2": async () => {
      for await (const _ of graph.streamEvents(input, { version: "v2" }));
    },
    batch: () => graph.batch([input]),
  };
  return { stack, told, tool, graph, input, ways };
}
const WAYS = ["invoke", "stream", "streamEvents v2", "batch"] as const;
const OF_RUN = [
  ["run", "ACME_NO", "acme says so", "acme"],
  ["run.end", "denied", "ACME_NO"],
];

describe("a DeniedError that a tap throws keeps its own code and reason", () => {
  it("in tool.result: for the model, the observers and a bare caller", async () => {
    const { stack, told, tool, graph, input } = lab((api) => {
      api.tap(hooks.tool.result, () => {
        throw refused("tool.result");
      });
    });
    const out = await graph.invoke(input);
    const message = out.messages.find((one) => one.type === "tool");
    expect([isDenied(message), message?.text]).toEqual([true, "ACME_NO: Not this."]);
    expect(told).toContainEqual(["tool", "ACME_NO", "acme says so", "acme", "Ask acme."]);
    expect(told).toContainEqual(["tool.end", "denied", "ACME_NO"]);
    const error: unknown = await stack
      .wrapTool(tool)
      .invoke({})
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: "ACME_NO", reason: "acme says so", hint: "Ask acme." });
  });

  it("in model.result, whole and streamed", async () => {
    for (const way of WAYS) {
      const { told, ways } = lab((api) => {
        api.tap(hooks.model.result, async () => {
          throw refused("model.result");
        });
      });
      await expect(ways[way]?.()).rejects.toMatchObject({ code: "ACME_NO", reason: "acme says so", plugin: "acme" });
      expect(told).toEqual([
        ["model.end", "denied", "ACME_NO"],
        ["run.end", "denied", "ACME_NO"],
      ]);
    }
  });

  it("but any other error there stays one that says nothing of a plugin's rules", async () => {
    const { graph, input } = lab((api) => {
      api.tap(hooks.tool.result, () => {
        throw new Error("broken");
      });
    });
    expect((await graph.invoke(input)).messages.find(isDenied)?.text).toContain("RESULT_WITHHELD");
  });
});

describe("a DeniedError of run.call is told once, as the run's refusal", () => {
  const SETUPS: Readonly<Record<string, (api: PluginApi) => void>> = {
    "thrown before the graph runs": (api) =>
      void api.tap(hooks.run.call, () => {
        throw refused("run.call");
      }),
    "thrown at the first chunk": (api) =>
      void api.tap(hooks.run.call, async function* () {
        yield* [];
        throw refused("run.call");
      }),
    "thrown at a later chunk": (api) =>
      void api.tap(hooks.run.call, async function* (request, next) {
        yield* next(request);
        throw refused("run.call");
      }),
    "thrown under a judge of the output": (api) => {
      api.tap(hooks.run.output, () => undefined);
      api.tap(hooks.run.call, async function* (request, next) {
        yield* next(request);
        throw refused("run.call");
      });
    },
  };
  for (const [name, setup] of Object.entries(SETUPS))
    it.each(WAYS)(`${name}: %s`, async (way) => {
      const { told, ways } = lab(setup);
      await expect(ways[way]?.()).rejects.toMatchObject({ code: "ACME_NO" });
      expect(told.filter(([what]) => String(what).startsWith("run"))).toEqual(OF_RUN);
    });

  it("and one that a node met is not told again as the run's", async () => {
    for (const way of WAYS) {
      const { told, ways } = lab((api) => {
        api.tap(hooks.run.call, (request, next) => next(request));
        api.tap(hooks.model.authorize, () => deny("ACME_NO", "Not this."));
      });
      await expect(ways[way]?.()).rejects.toMatchObject({ code: "ACME_NO" });
      expect(told).toEqual([["run.end", "denied", "ACME_NO"]]);
    }
  });

  it("and one of run.input is told once where layers are around the run", async () => {
    const { told, graph, input } = lab((api) => {
      api.tap(hooks.run.input, () => deny("ACME_NO", "Not this.", { reason: "acme says so" }));
      api.tap(hooks.run.call, (request, next) => next(request));
    });
    await expect(graph.invoke(input)).rejects.toMatchObject({ code: "ACME_NO" });
    expect(told).toEqual(OF_RUN);
  });
});
