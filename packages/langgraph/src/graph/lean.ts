import { Runnable } from "@langchain/core/runnables";
import type { Config } from "../identity/envelope.js";
import { runAmbient } from "../run/ambient.js";
import { isInert } from "./inert.js";
import { classOfInvoke } from "./parts.js";

type Code = (input: unknown, config: Config) => unknown;

/** Whose code a step runs. */
export type Whose = "host" | "langgraph";

/** LangGraph's runnable around a function, as far as it is looked into. */
interface Callable extends Runnable {
  readonly func: Code;
  readonly trace: boolean;
}
interface Traced {
  _callWithConfig(traced: unknown, input: unknown, config: Config): unknown;
}

/**
 * Not langchain's class of the same name, which keeps a state in a private field and always opens a context; and of this
 * copy of LangChain, for another one has run trees of its own.
 */
const isCallable = (step: Runnable): step is Callable =>
  step instanceof Runnable &&
  "func" in step &&
  "trace" in step &&
  !("getState" in step) &&
  classOfInvoke(step) === "RunnableCallable";

const steps = new WeakMap<object, Runnable>();

/** The step that a view stands for: its code knows no other `this`, and a derived object lacks private fields. */
export const stepOf = (step: Runnable): Runnable => steps.get(step) ?? step;

/**
 * LangGraph's own step around a function, made to run it in a context that costs less to open: see `runAmbient`. A step
 * that is not traced opens a context for its function and no more; one that is traced has a place for that,
 * `_callWithConfig`, which is what is taken here: all the rest stays LangGraph's. A view: the host's own step stays what
 * it is. The step itself where it is another one, or traced.
 */
export function lean<R extends Runnable>(step: R): R {
  if (!isCallable(step) || step.trace) return step;
  const view = Object.create(step, {
    trace: {
      get: () => true,
      set(value: boolean) {
        Object.assign(step, { trace: value });
      },
    },
    _callWithConfig: {
      value(this: Callable, traced: unknown, input: unknown, config: Config): unknown {
        if (step.trace) return (step as unknown as Traced)._callWithConfig.call(this, traced, input, config);
        return runAmbient(config, async () => this.func.call(step, input, config));
      },
    },
  }) as R;
  steps.set(view, step);
  return view;
}

/**
 * The same for a step that runs LangGraph's own code only, where what it is given runs none of the host's. Such a step
 * asks neither for an ambient config nor for a copy of its own, so it gets neither; the turns that it takes are as many as
 * with them. What the host puts in place of its function runs as in LangGraph.
 */
export function brief<R extends Runnable>(step: R, view = lean(step)): R {
  if (view === step || !isCallable(step) || !isCallable(view)) return step;
  const { invoke } = step;
  const { func } = view;
  const run = async (input: unknown, config: Config): Promise<unknown> => func.call(step, input, config);
  const inTurn = async (input: unknown, config: Config): Promise<unknown> => {
    const made = await run(input, config);
    return made;
  };
  const briefly = (input: unknown, config?: Config): Promise<unknown> => {
    // Without it LangGraph looks for one in the ambient config.
    const asIs = config?.configurable?.["__pregel_send"] !== undefined && step.invoke === invoke && view.func === func;
    return asIs && !step.trace && isInert(input) ? inTurn(input, config) : step.invoke.call(view, input, config);
  };
  return Object.defineProperty(view, "invoke", { value: briefly, writable: true, configurable: true });
}

/** Writes of a step, where LangGraph keeps a step of its own in them that makes the writes out of a node's answer. */
interface Write {
  readonly mapper?: Runnable;
}
interface Writer extends Callable {
  readonly writes: readonly Write[];
  _write(input: unknown, config: Config): unknown;
}

type WriterClass = new (writes: readonly Write[]) => Writer;

/** LangGraph's own class, and no subclass of it, which may have private fields; with the function that it came with. */
function isWriter(writer: Runnable): writer is Writer {
  const Class = writer.constructor as WriterClass;
  return (
    Class.name === "ChannelWrite" &&
    (Object.getPrototypeOf(Class) as { name?: unknown }).name === "RunnableCallable" &&
    "_write" in writer &&
    String((writer as Writer).func) === String(new Class([]).func)
  );
}

/**
 * Whose code runs where a node's answer becomes writes: also the host's, where a schema of the state looks at it. What is
 * no StateGraph may map by functions of the host's.
 */
export const whoseMappers = (builder: unknown): Whose =>
  typeof builder === "object" &&
  builder !== null &&
  "_schemaRuntimeDefinition" in builder &&
  builder._schemaRuntimeDefinition === undefined
    ? "langgraph"
    : "host";

/** Whether a write runs LangGraph's own steps only: another one may be the host's, and open no context of its own. */
const runsOnlyOurs = ({ mapper }: Write): boolean => mapper === undefined || isCallable(mapper);

/** The same for what writes a node's answer, and for the steps in it. What the host changes on it later holds. */
export function leanWriter(writer: Runnable, mappersAre: Whose): Runnable {
  if (!isWriter(writer)) return lean(writer);
  const view = lean(writer);
  if (view === writer) return writer;
  const leanMapper = mappersAre === "langgraph" ? brief : lean;
  const mappers = new WeakMap<Runnable, Runnable>();
  const leanWrite = (write: Write): Write => {
    if (write.mapper === undefined) return write;
    let mapper = mappers.get(write.mapper);
    if (mapper === undefined) mappers.set(write.mapper, (mapper = leanMapper(write.mapper)));
    return { ...write, mapper };
  };
  const { func } = writer;
  // As many turns as the function has that it stands for, which is bound to the writer itself and would read its writes.
  const write: Code = async (input, config) => {
    const { writes } = view;
    const made = writes.every(({ mapper }) => mapper === undefined)
      ? view
      : Object.assign(Object.create(view) as Writer, { writes: writes.map(leanWrite) });
    return view._write.call(made, input, config);
  };
  Object.defineProperty(view, "func", {
    get: () => (writer.func === func ? write : writer.func),
    set(value: unknown) {
      Object.defineProperty(view, "func", { value, writable: true, configurable: true, enumerable: true });
    },
    configurable: true,
    enumerable: true,
  });
  return mappersAre === "langgraph" && writer.writes.every(runsOnlyOurs) ? brief(writer, view) : view;
}
