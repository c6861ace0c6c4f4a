import { composition, perf } from "graphtap";
import { scriptedModel } from "@graphtap/testkit";
import { expect } from "vitest";
import type { Shape } from "./expect-run.js";
import type { Driven, Lab } from "./lab.js";
import type { Outcome } from "./outcomes.js";

/** Tokens of the model that speaks last, or beside. */
const CLOSING = { input: 3, output: 2 };
const CLOSES = ["model.start", "model.end ok"];

/** A workflow that no application builds by hand: made by the stack, from a cache or of members. */
export interface Served extends Pick<Shape, "beside"> {
  readonly name: string;
  make(lab: Lab): Promise<Driven>;
  /** What is different from the one workflow in it: who else speaks, and what an error is called. */
  expected?(outcome: Outcome): Partial<Outcome>;
  /** Its words come through `messages` and subgraphs only: nothing of `updates` before a member ended. */
  readonly silent?: true;
}

const common = (lab: Lab) => ({ checkpointer: lab.saver, enableMemory: true });
const assistant = (lab: Lab) => ({ mode: "tools", llm: lab.built.model, tools: [...lab.built.tools] }) as const;
const closing = (hang = false) =>
  ({
    mode: "plain",
    llm: scriptedModel(() => (hang ? { say: "that", hang } : { say: "that was all", usage: CLOSING })),
  }) as const;
const driven = (graph: unknown): Driven => graph as Driven;

/** What the run of `outcome` uses when the closing model has spoken too. */
const withClosing = (outcome: Outcome): Pick<Outcome, "usage"> => ({
  usage:
    outcome.usage === null
      ? { ...CLOSING, total: 5, cacheRead: null, cacheWrite: null, reasoning: null }
      : {
          ...outcome.usage,
          input: (outcome.usage.input ?? 0) + CLOSING.input,
          output: (outcome.usage.output ?? 0) + CLOSING.output,
          total: (outcome.usage.total ?? 0) + 5,
        },
});

/** A member's error is the cause of the composite's. */
function failed(outcome: Outcome): Partial<Outcome> {
  if (outcome.name !== "model error") return {};
  const inRun = (line: string): string =>
    line.startsWith("run.") ? line.replace("MODEL_RATE_LIMIT", "MEMBER_FAILED") : line;
  return { golden: outcome.golden.map(inRun), throws: "MEMBER_FAILED" };
}

/** Where the run's own end begins: the refusal of its output, its error or its end. */
const endOf = (golden: readonly string[]): number =>
  golden.findIndex((line) => /^run\.(denied|error|end|pause)/.test(line));
const inserted = (golden: readonly string[], at: number): readonly string[] => golden.toSpliced(at, 0, ...CLOSES);

/** The second of a sequence speaks where the first came to an end of its own. */
const sequential = (outcome: Outcome): Partial<Outcome> =>
  outcome.name === "denied output" || (outcome.throws === null && outcome.golden.at(-1) === "run.end ok")
    ? { golden: inserted(outcome.golden, endOf(outcome.golden)), ...withClosing(outcome) }
    : failed(outcome);
/** The one beside speaks too, unless nothing runs at all. */
function parallel(outcome: Outcome): Partial<Outcome> {
  const { golden } = outcome;
  if (outcome.refused === true) return {};
  // The same question is asked of both models, so the guard refuses both: LangGraph throws both refusals as one error.
  if (outcome.name === "denied model")
    return { golden: golden.toSpliced(1, 0, golden[1] as string), throws: "AggregateError" };
  // It hangs, and is aborted when the member beside it fails.
  if (outcome.name === "model error") {
    const { golden: own = [], ...rest } = failed(outcome);
    return { ...rest, golden: own.toSpliced(1, 0, "model.start", "model.end cancelled ABORTED") };
  }
  return { golden: inserted(golden, 1), ...withClosing(outcome) };
}

export const SERVED: readonly Served[] = [
  {
    name: "from the cache",
    async make(lab) {
      const spec = { name: "served", ...assistant(lab), ...common(lab) };
      await lab.stack.createWorkflow(spec);
      const graph = await lab.stack.createWorkflow(spec);
      expect(lab.stack.get(perf).workflows.stats()).toMatchObject({ hits: 1, misses: 1 });
      return driven(graph);
    },
  },
  {
    name: "with lazy tools",
    async make(lab) {
      const { tools } = lab.stack.get(perf);
      for (const tool of lab.built.tools) {
        const { name, description, schema } = tool;
        tools.register(name, async () => tool, { description, schema });
      }
      const lazy = lab.built.tools.map(({ name }) => tools.lazy(name));
      return driven(await lab.stack.createWorkflow({ ...assistant(lab), tools: lazy, ...common(lab) }));
    },
  },
  {
    name: "conditional",
    silent: true,
    make: async (lab) =>
      driven(
        await lab.stack.get(composition).createConditionalWorkflow({
          conditions: { userId: { in: ["alice"] } },
          workflowConfigs: { userId: assistant(lab), default: closing() },
          ...common(lab),
        }),
      ),
  },
  {
    name: "composite, one after the other",
    silent: true,
    expected: sequential,
    make: async (lab) =>
      driven(
        await lab.stack.get(composition).createCompositeWorkflow({
          workflows: [
            { name: "assistant", workflow: assistant(lab) },
            { name: "closing", workflow: closing() },
          ],
          ...common(lab),
        }),
      ),
  },
  {
    name: "composite, side by side",
    silent: true,
    beside: true,
    expected: parallel,
    make: async (lab) =>
      driven(
        await lab.stack.get(composition).createCompositeWorkflow({
          executionStrategy: "parallel",
          workflows: [
            { name: "assistant", workflow: assistant(lab) },
            { name: "closing", workflow: closing(lab.outcome.name === "model error") },
          ],
          ...common(lab),
        }),
      ),
  },
  {
    name: "a conditional one in a composite",
    silent: true,
    expected: sequential,
    make: async (lab) =>
      driven(
        await lab.stack.get(composition).createCompositeWorkflow({
          workflows: [
            {
              name: "chosen",
              workflow: (await lab.stack.get(composition).createConditionalWorkflow({
                conditions: { userId: { in: ["alice"] } },
                workflowConfigs: { userId: assistant(lab), default: closing() },
                ...common(lab),
              })) as never,
            },
            { name: "closing", workflow: closing() },
          ],
          ...common(lab),
        }),
      ),
  },
];

/** The outcome as this kind of workflow comes to it. */
export function outcomeOf(served: Served, outcome: Outcome): Outcome {
  const own = { ...outcome, golden: outcome.golden.filter((line) => !line.startsWith("node.")) };
  return { ...own, ...served.expected?.(own) };
}

/** The lab of a served workflow: the same drivers run it. */
export async function serve(lab: Lab, served: Served): Promise<Lab> {
  const graph = await served.make(lab);
  return { ...lab, graph, input: () => ({ messages: lab.input().messages }) as ReturnType<Lab["input"]> };
}
