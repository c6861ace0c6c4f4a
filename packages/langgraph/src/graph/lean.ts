import type { Runnable } from "@langchain/core/runnables";
import type { Config } from "../identity/envelope.js";
import { runAmbient } from "../run/ambient.js";
import { classOfInvoke } from "./parts.js";

type Code = (input: unknown, config: Config) => unknown;

/** LangGraph's runnable around a function, as far as it is looked into. */
interface Callable {
  readonly func: Code;
  readonly trace: boolean;
}

/** Not langchain's class of the same name: it keeps a state in a private field, and its `invoke` always opens a context. */
const isCallable = (runnable: object): runnable is Callable =>
  "func" in runnable &&
  "trace" in runnable &&
  !("getState" in runnable) &&
  classOfInvoke(runnable) === "RunnableCallable";

/**
 * LangGraph's own step around a function, made to run it without a run tree that nobody reads. A step that is not traced
 * opens a context for its function and no more; one that is traced has a place for that, `_callWithConfig`, which is what
 * is taken here: all the rest stays LangGraph's.
 */
const LEAN = {
  trace: { value: true },
  _callWithConfig: {
    value(this: Callable, _traced: unknown, input: unknown, config: Config): unknown {
      return runAmbient(config, async () => this.func(input, config));
    },
  },
} satisfies PropertyDescriptorMap;

/** A view of the step that is cheaper to run; the step itself where it is another one, or traced. */
export function lean<R extends Runnable>(step: R): R {
  return isCallable(step) && !step.trace ? (Object.create(step, LEAN) as R) : step;
}

/** Writes of a step, where LangGraph keeps a step of its own in them that makes the writes out of a node's answer. */
interface Write {
  readonly mapper?: Runnable;
}
type WriteClass = new (writes: readonly Write[], tags: unknown) => Runnable;

const isWriter = (writer: Runnable): writer is Runnable & { readonly writes: readonly Write[]; config?: Config } =>
  writer.constructor.name === "ChannelWrite" && Array.isArray((writer as { writes?: unknown }).writes);

/** The same for a node's writer. Made anew, as LangGraph itself does with them, for its function is bound to it. */
export function leanWriter(writer: Runnable): Runnable {
  if (!isWriter(writer)) return lean(writer);
  const writes = writer.writes.map((write) =>
    write.mapper === undefined ? write : { ...write, mapper: lean(write.mapper) },
  );
  return lean(new (writer.constructor as WriteClass)(writes, writer.config?.tags));
}
