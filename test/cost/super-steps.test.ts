import { allHooks, createStack, definePlugin, deny, hooks, type PluginApi, type Stack } from "@graphtap/langgraph";
import { scriptedModel, scriptedTool, type Step } from "@graphtap/testkit";
import { ToolMessage } from "@langchain/core/messages";
import { type CheckpointTuple, MemorySaver } from "@langchain/langgraph";
import { createReactAgent } from "@langchain/langgraph/prebuilt";
import { createAgent } from "langchain";
import { describe, expect, it } from "vitest";
import type { GalleryGraph } from "../gallery/index.js";
import { react } from "../gallery/tools.js";

/** Sees every event. */
const observer = definePlugin({
  name: "observer",
  version: "1.0.0",
  identity: "none",
  setup(api: PluginApi) {
    for (const def of allHooks as readonly { kind: string }[])
      if (def.kind === "series") api.tap(def as never, (() => undefined) as never);
  },
});

/** Could change or stop anything, and allows everything as it is. */
const controller = definePlugin({
  name: "controller",
  version: "1.0.0",
  identity: "none",
  setup(api: PluginApi) {
    const taps: Record<string, unknown> = {
      around: (request: unknown, next: (request: unknown) => unknown) => next(request),
      guard: () => undefined,
      reserve: () => ({ settle: () => undefined, release: () => undefined }),
      waterfall: (value: unknown) => value,
      series: () => undefined,
      sync: () => undefined,
    };
    for (const def of allHooks as readonly { kind: string }[]) {
      const tap = taps[def.kind];
      if (tap !== undefined) api.tap(def as never, tap as never);
    }
  },
});

/** What a saver is asked to do, besides what it stores. */
class CountingSaver extends MemorySaver {
  putCalls = 0;
  writeCalls = 0;
  override put(...args: Parameters<MemorySaver["put"]>): ReturnType<MemorySaver["put"]> {
    this.putCalls++;
    return super.put(...args);
  }
  override putWrites(...args: Parameters<MemorySaver["putWrites"]>): ReturnType<MemorySaver["putWrites"]> {
    this.writeCalls++;
    return super.putWrites(...args);
  }
}

type Build = (turns: number, saver: MemorySaver) => GalleryGraph;

const script = (turns: number): readonly Step[] => [
  ...Array.from({ length: turns }, (_, turn) => ({ call: { id: `c${turn}`, name: "look", args: { turn } } })),
  { say: "done" },
];
const parts = (turns: number) => ({ model: scriptedModel(script(turns)), tools: [scriptedTool("look", "seen")] });

/** The usual loop in four spellings. */
const builds: Record<string, Build> = {
  "a StateGraph with a ToolNode": (turns, saver) =>
    react({ model: (model) => model, tool: (tool) => tool }, turns, saver).graph as GalleryGraph,
  createReactAgent(turns, saver) {
    const { model, tools } = parts(turns);
    return createReactAgent({ llm: model, tools, checkpointSaver: saver }) as unknown as GalleryGraph;
  },
  createAgent(turns, saver) {
    const { model, tools } = parts(turns);
    return createAgent({ model, tools: tools as never[], checkpointer: saver }) as unknown as GalleryGraph;
  },
  "createAgent, one node for all calls"(turns, saver) {
    const { model, tools } = parts(turns);
    return createAgent({
      model,
      tools: tools as never[],
      checkpointer: saver,
      version: "v1",
    }) as unknown as GalleryGraph;
  },
};

interface Cost {
  /** `source` and `step` of every checkpoint, in order. */
  readonly steps: readonly string[];
  readonly puts: number;
  readonly writes: number;
  readonly tasks: number;
  readonly messages: number;
}

const config = { configurable: { thread_id: "t" } };

/** Runs 5 tool turns and adds up what the run took of LangGraph. */
async function costOf(build: Build, stack: Stack | null): Promise<Cost> {
  const saver = new CountingSaver();
  const plain = build(5, saver);
  const graph = stack === null ? plain : (stack.wrap(plain as never) as GalleryGraph);
  let tasks = 0;
  let messages = 0;
  for await (const chunk of await graph.stream(
    { messages: [{ role: "user", content: "go" }] },
    { ...config, streamMode: ["tasks", "values"] },
  )) {
    const [mode, payload] = chunk as [string, { triggers?: unknown; messages?: unknown[] }];
    if (mode === "tasks" && payload.triggers !== undefined) tasks++;
    if (mode === "values") messages = payload.messages?.length ?? 0;
  }
  const steps: string[] = [];
  for await (const { metadata } of saver.list(config) as AsyncGenerator<CheckpointTuple>)
    steps.unshift(`${metadata?.source} ${metadata?.step}`);
  return { steps, puts: saver.putCalls, writes: saver.writeCalls, tasks, messages };
}

const NUMBERS = [0, 1, 10, 50];
const stackOf = (plugin: (options: undefined, more: { key: string }) => unknown, count: number): Stack =>
  createStack({
    ungated: "report",
    plugins: Array.from({ length: count }, (_, i) => plugin(undefined, { key: `p${i}` })) as never,
  }) as unknown as Stack;

describe.each(Object.entries(builds))("%s", (_name, build) => {
  it("takes 13 checkpoints for 5 tool turns without a stack", async () => {
    const cost = await costOf(build, null);
    // The input, then a model and a tools step per turn, then the answer.
    expect(cost).toMatchObject({ puts: 13, tasks: 11, messages: 12 });
    expect(cost.steps).toHaveLength(13);
  });

  it.each([
    ["observers", observer],
    ["control plugins that allow without change", controller],
  ] as const)("takes no super-step, checkpoint, write or task more with 0, 1, 10 and 50 %s", async (_what, plugin) => {
    const plain = await costOf(build, null);
    for (const plugins of NUMBERS) {
      await using stack = stackOf(plugin as never, plugins);
      expect(await costOf(build, stack), `${plugins} plugins`).toEqual(plain);
    }
  });

  it("takes the same super-steps and checkpoints when every tool is denied, and when every result is changed", async () => {
    const plain = await costOf(build, null);
    const changing = (name: string, setup: (api: PluginApi) => void): Stack =>
      createStack({
        plugins: [definePlugin({ name, version: "1.0.0", identity: "none", setup })()],
      }) as unknown as Stack;
    await using denying = changing(
      "denying",
      (api) => void api.tap(hooks.tool.authorize, () => deny("NOT_TODAY", "Tools are closed.")),
    );
    await using redacting = changing(
      "redacting",
      (api) =>
        void api.tap(hooks.tool.result, ({ value }) => ({
          value: new ToolMessage({ ...(value as ToolMessage), content: "redacted" } as never),
        })),
    );
    for (const stack of [denying, redacting]) expect(await costOf(build, stack)).toEqual(plain);
  });

  it.each([
    ["observers", observer],
    ["control plugins", controller],
  ] as const)(
    "fits 11 tool turns into 25 super-steps, and no twelfth, with 0, 1, 10 and 50 %s",
    async (_what, plugin) => {
      for (const plugins of [null, ...NUMBERS]) {
        await using stack = plugins === null ? null : stackOf(plugin as never, plugins);
        const run = (turns: number, limit: { recursionLimit: number }): Promise<{ messages: unknown[] }> => {
          const graph = build(turns, new MemorySaver());
          const wrapped = stack === null ? graph : (stack.wrap(graph as never) as GalleryGraph);
          return wrapped.invoke({ messages: [{ role: "user", content: "go" }] }, { ...config, ...limit }) as Promise<{
            messages: unknown[];
          }>;
        };
        // The question, a call and an answer to it per turn, and the answer. LangGraph's default limit is 25.
        // createAgent raises its own default, so the limit is given.
        expect((await run(11, { recursionLimit: 25 })).messages, `${String(plugins)} plugins`).toHaveLength(24);
        await expect(run(12, { recursionLimit: 25 }), `${String(plugins)} plugins`).rejects.toMatchObject({
          lc_error_code: "GRAPH_RECURSION_LIMIT",
        });
      }
    },
  );
});
