import { Command, MemorySaver } from "@langchain/langgraph";
import {
  asIs,
  type Example,
  type GalleryGraph,
  type Made,
  type RunConfig,
  type Tag,
  type Through,
  type Turn,
  type Way,
} from "./types.js";

/** What an example builds; the rest is filled in. */
export interface Draft {
  readonly graph: object;
  readonly turns: readonly Turn[];
  readonly config?: RunConfig;
  readonly savers?: readonly MemorySaver[];
  readonly effects?: readonly unknown[];
}

/** The thread that all examples with a checkpointer run on; each has savers of its own. */
export const THREAD = "thread-1";

export function example(
  name: string,
  tags: readonly Tag[],
  draft: (through: Through) => Draft,
  unable?: Partial<Record<Way, string>>,
): Example {
  return {
    name,
    tags,
    make(through = asIs): Made {
      const { graph, turns, config = {}, savers = [], effects = [] } = draft(through);
      const configurable = savers.length > 0 ? { thread_id: THREAD, ...config.configurable } : config.configurable;
      return {
        graph: graph as GalleryGraph,
        turns,
        config: { ...config, ...(configurable === undefined ? {} : { configurable }) },
        savers,
        effects,
      };
    },
    ...(unable === undefined ? {} : { unable }),
  };
}

export const input = (value: unknown, config?: RunConfig): Turn => ({
  kind: "input",
  input: value,
  ...(config === undefined ? {} : { config }),
});
export const resume = (value: unknown): Turn => ({ kind: "resume", input: new Command({ resume: value }) });
/** Goes on after a static breakpoint or a failure. */
export const goOn = (): Turn => ({ kind: "resume", input: null });
export const say = (content: string, config?: RunConfig): Turn =>
  input({ messages: [{ role: "user", content }] }, config);

/**
 * Waits until everything that is ready has run, several times over. A branch that begins with it ends after a branch
 * that does not, however many turns an observer adds: it makes the order of parallel branches a property of the graph.
 */
export async function later(rounds = 40): Promise<void> {
  for (let round = 0; round < rounds; round++) await new Promise((resolve) => setImmediate(resolve));
}
