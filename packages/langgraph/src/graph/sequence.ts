import { CallbackManager } from "@langchain/core/callbacks/manager";
import { ensureConfig, raceWithSignal, type Runnable } from "@langchain/core/runnables";
import type { Config } from "../identity/envelope.js";
import { classOfInvoke } from "./parts.js";
import type { NodeLike } from "./pregel.js";

/** What LangGraph makes a task's sequence of, as it was when one was made. */
interface Made {
  readonly bound: Runnable;
  readonly writers: readonly Runnable[];
  readonly task: Runnable | undefined;
}

const isSame = (made: Made, { bound, writers }: NodeLike): boolean =>
  made.bound === bound &&
  writers !== undefined &&
  made.writers.length === writers.length &&
  made.writers.every((writer, i) => writer === writers[i]);

/**
 * Has the tasks of a node run in a sequence that is made once. LangGraph makes one for every task, and LangChain puts each
 * step's config together anew, field by field, from what is the same one each time where nobody listens to the run. What
 * the host puts into the node holds.
 */
export function madeOnce(node: NodeLike): void {
  const { getNode } = node;
  let made: Made | null = null;
  const taskOf = (): Runnable | undefined => {
    if (made === null || !isSame(made, node)) {
      const task = getNode.call(node);
      made = { bound: node.bound, writers: [...(node.writers ?? [])], task: isSequence(task) ? unheard(task) : task };
    }
    return made.task;
  };
  Object.defineProperty(node, "getNode", { value: taskOf, writable: true, configurable: true });
}

/** LangChain's sequence, as far as it is looked into. */
interface Sequence extends Runnable {
  readonly steps: readonly Runnable[];
  readonly last: Runnable;
}
const isSequence = (task: Runnable | undefined): task is Sequence =>
  task !== undefined && "middle" in task && classOfInvoke(task) === "RunnableSequence";

/** As LangChain hands a config on. */
const NO_RUN_ID = { runId: undefined } as unknown as Config;

/** What LangChain throws where somebody aborted. */
function reasonOf({ reason }: AbortSignal): Error {
  if (reason instanceof Error) return reason;
  return new Error(typeof reason === "string" ? reason : "Aborted");
}

/** A sequence whose `invoke` is LangChain's to the letter and to the turn, less what that does for listeners. */
function unheard(sequence: Sequence): Runnable {
  const { last } = sequence;
  const before = sequence.steps.slice(0, -1);
  const run = async (input: unknown, config: Config): Promise<unknown> => {
    const { signal } = config;
    const own = (): Config => ({ ...config, ...NO_RUN_ID });
    // Here and below, where nothing is awaited, LangChain waits for listeners.
    await undefined;
    await undefined;
    let next = input;
    try {
      for (const step of before) next = await raceWithSignal(step.invoke(next, own()), signal);
      if (signal?.aborted === true) throw reasonOf(signal);
      next = await last.invoke(next, own());
    } catch (error) {
      await undefined;
      throw error;
    }
    await undefined;
    return next;
  };
  const invoke = (input: unknown, options?: Config): Promise<unknown> => {
    try {
      const config = ensureConfig(options) as Config;
      const { callbacks, tags, metadata } = config;
      const listeners = CallbackManager._configureSync(callbacks, undefined, tags, undefined, metadata);
      return listeners === undefined ? run(input, config) : sequence.invoke(input, config);
    } catch (error) {
      return Promise.reject(error as Error);
    }
  };
  return Object.create(sequence, { invoke: { value: invoke, writable: true, configurable: true } }) as Runnable;
}
