import { AIMessage, ToolMessage } from "@langchain/core/messages";
import { tool } from "@langchain/core/tools";
import { Command, interrupt, MemorySaver, MessagesAnnotation, START, StateGraph } from "@langchain/langgraph";
import { ToolNode, toolsCondition } from "@langchain/langgraph/prebuilt";
import { scriptedModel, scriptedTool } from "@graphtap/testkit";
import { z } from "zod";
import { type Draft, example, later, say } from "./make.js";
import type { Through } from "./types.js";

interface Call {
  readonly id?: string;
  readonly name: string;
  readonly args: Record<string, unknown>;
}

/** A graph whose model asks once for the given calls, and whose ToolNode answers. */
function once(
  calls: readonly Call[],
  tools: readonly object[],
  options: {
    readonly handleToolErrors?: boolean;
    readonly effects?: readonly unknown[];
    readonly node?: ToolNode;
  } = {},
): Draft {
  const saver = new MemorySaver();
  const node =
    options.node ??
    new ToolNode(
      [...tools] as never,
      options.handleToolErrors === undefined ? {} : { handleToolErrors: options.handleToolErrors },
    );
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("plan", () => ({
      messages: [
        new AIMessage({
          id: "plan",
          content: "",
          tool_calls: calls.map((call, i) => ({ id: `call-${i}`, type: "tool_call" as const, ...call })),
        }),
      ],
    }))
    .addNode("tools", node)
    .addEdge(START, "plan")
    .addEdge("plan", "tools")
    .compile({ checkpointer: saver });
  return { graph, turns: [say("go")], savers: [saver], effects: options.effects ?? [] };
}

export const mutating = example("tools that change their arguments", ["tools", "checkpointer"], (through) => {
  const effects: unknown[] = [];
  const change = through.tool(
    tool(
      (args) => {
        effects.push(structuredClone(args));
        args.list.push("changed");
        args.deep.n += 1;
        (args as Record<string, unknown>)["added"] = true;
        return JSON.stringify(args);
      },
      {
        name: "change",
        description: "Changes what it got.",
        schema: z.object({ list: z.array(z.string()), deep: z.object({ n: z.number() }) }),
      },
    ),
  );
  return once(
    [
      { name: "change", args: { list: ["a"], deep: { n: 1 } } },
      { name: "change", args: { list: [], deep: { n: 5 } } },
    ],
    [change],
    { effects },
  );
});

export const transforming = example(
  "zod transforms, defaults, coercion and unknown keys",
  ["tools", "checkpointer"],
  (through) => {
    const effects: unknown[] = [];
    const schema = z.object({
      path: z.string().transform((path) => `/root/${path}`),
      when: z.coerce.date().default(new Date(0)),
      size: z.coerce.number().optional(),
      nested: z.object({ tags: z.array(z.string()).transform((tags) => new Set(tags)) }).prefault({ tags: [] }),
    });
    const open = through.tool(
      tool(
        ({ path, when, size, nested }) => {
          effects.push({ path, when, size, tags: [...nested.tags] });
          return `${path} ${when.toISOString()} ${String(size)} ${nested.tags.size}`;
        },
        { name: "open", description: "Opens a file.", schema },
      ),
    );
    return once(
      [
        { name: "open", args: { path: "notes", extra: 1 } },
        { name: "open", args: { path: "b", when: "2001-02-03", size: "12", nested: { tags: ["x", "x", "y"] } } },
      ],
      [open],
      { effects },
    );
  },
);

export const refining = example("async refinements and a loose schema", ["tools", "checkpointer"], (through) => {
  const effects: unknown[] = [];
  const check = through.tool(
    tool(
      async (args) => {
        effects.push(args);
        return { echoed: args, list: [1, 2] };
      },
      {
        name: "check",
        description: "Checks.",
        schema: z.looseObject({ n: z.number().refine(async (n) => n < 10, "too large") }),
      },
    ),
  );
  return once(
    [
      { name: "check", args: { n: 3, more: { x: null } } },
      { name: "check", args: { n: 30 } },
    ],
    [check],
    { effects },
  );
});

export const refusals = example(
  "wrong arguments, an unknown tool, a throwing tool",
  ["tools", "errors", "checkpointer"],
  (through) => {
    const strict = through.tool(
      scriptedTool("strict", ({ n }) => `got ${String(n)}`, { schema: z.object({ n: z.number() }) }),
    );
    const broken = through.tool(scriptedTool("broken", new Error("no luck")));
    return once(
      [
        { name: "strict", args: { n: "five" } },
        { name: "missing", args: {} },
        { name: "broken", args: {} },
        { name: "strict", args: { n: 5 } },
      ],
      [strict, broken],
    );
  },
);

export const unhandled = example("handleToolErrors: false", ["tools", "errors", "checkpointer"], (through) => {
  const broken = through.tool(scriptedTool("broken", new Error("no luck")));
  return once([{ name: "broken", args: {} }], [broken], { handleToolErrors: false });
});

export const unhandledSchema = example(
  "handleToolErrors: false and wrong arguments",
  ["tools", "errors", "checkpointer"],
  (through) => {
    const strict = through.tool(
      scriptedTool("strict", ({ n }) => `got ${String(n)}`, { schema: z.object({ n: z.number() }) }),
    );
    return once([{ name: "strict", args: { n: "five" } }], [strict], { handleToolErrors: false });
  },
);

export const answers = example(
  "Commands, artifacts, ToolMessages, objects and nothing",
  ["tools", "command", "checkpointer"],
  (through) => {
    const update = through.tool(
      tool(
        (_args, config) =>
          new Command({
            update: {
              messages: [
                new ToolMessage({
                  id: "t1",
                  content: "by command",
                  tool_call_id: (config as { toolCallId: string }).toolCallId,
                }),
              ],
            },
          }),
        {
          name: "update",
          description: "Updates the state.",
          schema: z.object({}),
        },
      ),
    );
    const chart = through.tool(
      scriptedTool("chart", ["drawn", { points: [1, 2] }], { responseFormat: "content_and_artifact" }),
    );
    const own = through.tool(
      tool(
        (_args, config) =>
          new ToolMessage({
            id: "t2",
            content: "mine",
            status: "success",
            artifact: { a: 1 },
            tool_call_id: (config as { toolCallId: string }).toolCallId,
          }),
        { name: "own", description: "Answers itself.", schema: z.object({}) },
      ),
    );
    const object = through.tool(scriptedTool("object", { a: [1, { b: null }], undef: undefined }));
    const nothing = through.tool(scriptedTool("nothing", undefined));
    return once(
      [
        { name: "update", args: {} },
        { name: "chart", args: {} },
        { name: "own", args: {} },
        { name: "object", args: {} },
        { name: "nothing", args: {} },
      ],
      [update, chart, own, object, nothing],
    );
  },
);

export const text = example("a tool that takes text", ["tools", "checkpointer"], (through) => {
  const say = through.tool(
    tool((args) => `text ${JSON.stringify(args)}`, { name: "text", description: "Takes text.", schema: z.string() }),
  );
  return once([{ name: "text", args: { input: "hello" } }], [say]);
});

export const runtime = example(
  "what a tool sees of its run",
  ["tools", "context", "store", "checkpointer", "custom-stream"],
  (through) => {
    const effects: unknown[] = [];
    const look = through.tool(
      tool(
        async (args, given) => {
          const { state, toolCallId, writer, config, configurable, tags, metadata } = given as unknown as {
            state?: { messages: unknown[] };
            toolCallId?: string;
            writer?: (chunk: unknown) => void;
            config?: { configurable?: Record<string, unknown> };
            configurable?: Record<string, unknown>;
            tags?: string[];
            metadata?: Record<string, unknown>;
          };
          writer?.({ from: "tool", args });
          const visible = (record: Record<string, unknown> | undefined): unknown =>
            Object.keys(record ?? {}).toSorted();
          // As soon as anybody listens, be it a tracer or a stream of messages, there are callbacks and no name of the run.
          effects.push({
            keys: Object.keys(given as object)
              .filter((key) => key !== "callbacks" && key !== "runName")
              .toSorted(),
            messages: state?.messages.length,
            toolCallId,
            configurable: visible(configurable),
            inner: visible(config?.configurable),
            tags,
            metadata: visible(metadata),
          });
          return "looked";
        },
        {
          name: "look",
          description: "Looks around.",
          schema: z.object({ x: z.number() }),
          tags: ["tool-tag"],
          metadata: { tool: "meta" },
        },
      ),
    );
    return {
      ...once([{ name: "look", args: { x: 1 } }], [look], { effects }),
      config: { tags: ["run-tag"], metadata: { run: "meta" }, configurable: { flavour: "mint" } },
    };
  },
);

export const streaming = example("a tool that yields", ["tools", "custom-stream", "checkpointer"], (through) => {
  const steps = through.tool(
    tool(
      async function* ({ n }) {
        for (let i = 0; i < n; i++) yield `step ${i}`;
        return "done";
      },
      { name: "steps", description: "Works in steps.", schema: z.object({ n: z.number() }) },
    ),
  );
  return once([{ name: "steps", args: { n: 3 } }], [steps]);
});

export const staggered = example(
  "parallel calls that end in another order",
  ["tools", "parallel", "checkpointer"],
  (through) => {
    const effects: unknown[] = [];
    const wait = through.tool(
      tool(
        async ({ rounds }) => {
          await later(rounds);
          effects.push(rounds);
          return `waited ${rounds}`;
        },
        { name: "wait", description: "Waits.", schema: z.object({ rounds: z.number() }) },
      ),
    );
    return once(
      [80, 40, 1].map((rounds) => ({ name: "wait", args: { rounds } })),
      [wait],
      { effects },
    );
  },
);

class Loud extends ToolNode {
  protected override async runTool(...args: Parameters<ToolNode["runTool"]>): ReturnType<ToolNode["runTool"]> {
    const out = await super.runTool(...args);
    return ToolMessage.isInstance(out) ? new ToolMessage({ ...out, content: `${out.text}!` } as never) : out;
  }
}

export const subclassed = example("a subclass of ToolNode", ["tools", "checkpointer"], (through) => {
  const hello = through.tool(scriptedTool("hello", "hello"));
  return once([{ name: "hello", args: {} }], [hello], { node: new Loud([hello]) });
});

export const sentCall = example(
  "ToolNode as a target of Send, and tags on it",
  ["tools", "checkpointer"],
  (through) => {
    const hello = through.tool(scriptedTool("hello", ({ n }) => `hello ${String(n)}`));
    return once(
      [
        { name: "hello", args: { n: 1 } },
        { name: "hello", args: { n: 2 } },
      ],
      [hello],
      { node: new ToolNode([hello], { name: "named-tools", tags: ["node-tag"] }) },
    );
  },
);

/** Tools called by code of the host's own, inside a node. */
export const direct = example("a tool called inside a node", ["tools"], (through) => {
  const effects: unknown[] = [];
  const add = through.tool(
    tool(
      ({ a, b }) => {
        effects.push([a, b]);
        return a + b;
      },
      { name: "add", description: "Adds.", schema: z.object({ a: z.number(), b: z.number() }) },
    ),
  );
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("own", async (_state, config) => {
      const bare: unknown = await add.invoke({ a: 1, b: 2 }, config);
      const called: unknown = await add.invoke(
        { id: "c9", name: "add", args: { a: 3, b: 4 }, type: "tool_call" },
        config,
      );
      const both: unknown = await add.batch(
        [
          { a: 5, b: 6 },
          { a: 7, b: 8 },
        ],
        config,
      );
      return {
        messages: [
          new AIMessage({ id: "own", content: JSON.stringify([bare, (called as ToolMessage).content, both]) }),
        ],
      };
    })
    .addEdge(START, "own")
    .compile();
  return { graph, turns: [say("go")], effects };
});

/** The usual loop of a model and tools, several turns long. */
export function react(
  through: Through,
  turns: number,
  checkpointer: MemorySaver | undefined,
): { readonly graph: object; readonly effects: unknown[] } {
  const effects: unknown[] = [];
  const search = through.tool(
    tool(
      async ({ q, page }) => {
        effects.push({ q, page });
        return `3 articles about ${q}, page ${page}`;
      },
      {
        name: "search",
        description: "Search the help centre.",
        schema: z.object({ q: z.string().trim(), page: z.number().default(1) }),
      },
    ),
  );
  const model = through.model(
    scriptedModel(
      [
        ...Array.from({ length: turns }, (_, turn) => ({
          say: "Let me look",
          call: { id: `c${turn}`, name: "search", args: { q: ` refund ${turn} ` } },
          usage: { input: 10, output: 5 },
        })),
        { say: "Here is what I found", usage: { input: 20, output: 7 } },
      ],
      { whenDone: "loop" },
    ),
  );
  const bound = model.bindTools([search]);
  const graph = new StateGraph(MessagesAnnotation)
    .addNode("agent", async (state, config) => ({ messages: [await bound.invoke(state.messages, config)] }))
    .addNode("tools", new ToolNode([search]))
    .addEdge(START, "agent")
    .addConditionalEdges("agent", toolsCondition)
    .addEdge("tools", "agent")
    .compile(checkpointer === undefined ? {} : { checkpointer });
  return { graph, effects };
}

export const reactLoop = example("model and tools in a loop", ["tools", "model", "loop", "checkpointer"], (through) => {
  const saver = new MemorySaver();
  return { ...react(through, 2, saver), turns: [say("refund?")], savers: [saver] };
});

export const askedTool = example(
  "a tool that interrupts in the second of two turns",
  ["tools", "model", "loop", "interrupts", "checkpointer"],
  (through) => {
    const saver = new MemorySaver();
    const effects: unknown[] = [];
    const pay = through.tool(
      scriptedTool("pay", ({ amount }) => {
        const answer: unknown = Number(amount) > 5 ? interrupt({ pay: amount }) : "small";
        effects.push({ paid: amount, answer });
        return `paid ${String(amount)}: ${JSON.stringify(answer)}`;
      }),
    );
    const model = through.model(
      scriptedModel(
        [
          { call: { id: "p1", name: "pay", args: { amount: 1 } } },
          { call: { id: "p2", name: "pay", args: { amount: 9 } } },
          { say: "All paid" },
        ],
        { whenDone: "loop" },
      ),
    );
    const graph = new StateGraph(MessagesAnnotation)
      .addNode("agent", async (state, config) => ({
        messages: [await model.bindTools([pay]).invoke(state.messages, config)],
      }))
      .addNode("tools", new ToolNode([pay]))
      .addEdge(START, "agent")
      .addConditionalEdges("agent", toolsCondition)
      .addEdge("tools", "agent")
      .compile({ checkpointer: saver });
    return {
      graph,
      turns: [say("pay all"), { kind: "resume", input: new Command({ resume: { ok: true } }) }],
      savers: [saver],
      effects,
    };
  },
);

export const tools = [
  mutating,
  transforming,
  refining,
  refusals,
  unhandled,
  unhandledSchema,
  answers,
  text,
  runtime,
  streaming,
  staggered,
  subclassed,
  sentCall,
  direct,
  reactLoop,
  askedTool,
];
