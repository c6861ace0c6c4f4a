import { CallbackManager } from "@langchain/core/callbacks/manager";
import { ensureConfig, raceWithSignal, type Runnable } from "@langchain/core/runnables";
import type { Config } from "../identity/envelope.js";
import { ownerOf, classOfInvoke } from "./parts.js";
import type { NodeLike } from "./pregel.js";

/** What LangGraph makes a task's sequence of, as it was when one was made. */
interface Made {
  readonly bound: Runnable;
  readonly writers: readonly Runnable[];
  readonly tracePolicy: unknown;
  readonly task: Runnable;
}

const isSame = (made: Made, { bound, writers, tracePolicy }: NodeLike): boolean =>
  made.bound === bound &&
  made.tracePolicy === tracePolicy &&
  writers !== undefined &&
  made.writers.length === writers.length &&
  made.writers.every((writer, i) => writer === writers[i]);

/** Whether tasks of a node are made by LangGraph's own code, which does the same each time. */
const isOwn = (node: NodeLike): boolean =>
  ["getNode", "getWriters"].every((method) => ownerOf(node, method)?.name === "PregelNode");

/**
 * Has the tasks of a node run in a sequence that is made once. LangGraph makes one for every task, and LangChain puts each
 * step's config together anew, field by field, from what is the same one each time where nobody listens to the run. What
 * the host puts into the node holds.
 */
export function madeOnce(node: NodeLike): void {
  const own = isOwn(node);
  const { getNode } = node;
  let made: Made | null = null;
  const taskOf = (): Runnable | undefined => {
    if (made !== null && isSame(made, node)) return made.task;
    const { bound, writers = [], tracePolicy } = node;
    const sequence = getNode.call(node);
    if (!isSequence(sequence)) return sequence;
    const task = unheard(sequence);
    // LangGraph makes one of writers that follow each other, of what is in them by then.
    const asGiven = writers.every((writer) => sequence.steps.includes(writer));
    made = own && asGiven ? { bound, writers: [...writers], tracePolicy, task } : null;
    return task;
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

const TURN = Promise.resolve();
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
    // Here and below LangChain waits for listeners.
    await TURN;
    await TURN;
    let next = input;
    try {
      for (const step of before) next = await raceWithSignal(step.invoke(next, own()), signal);
      if (signal?.aborted === true) throw reasonOf(signal);
      next = await last.invoke(next, own());
    } catch (error) {
      await TURN;
      throw error;
    }
    await TURN;
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
