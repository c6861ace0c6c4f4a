import type { Core } from "../core.js";
import type { StateValues } from "../hooks/state.js";
import type { Config } from "../identity/envelope.js";

interface Checkpoint {
  readonly channel_values: Record<string, unknown>;
}
interface Tuple {
  readonly config: Config;
  readonly checkpoint: Checkpoint;
  readonly pendingWrites?: readonly (readonly [string, string, unknown])[];
}
interface Saver {
  getTuple(config: Config): Promise<Tuple | undefined>;
  list(config: Config, options?: unknown): AsyncGenerator<Tuple>;
  put(config: Config, checkpoint: Checkpoint, ...rest: unknown[]): Promise<unknown>;
  putWrites(config: Config, writes: readonly (readonly [string, unknown])[], ...rest: unknown[]): Promise<void>;
}

const isSaver = (value: unknown): value is Saver =>
  typeof value === "object" &&
  value !== null &&
  typeof (value as Saver).getTuple === "function" &&
  typeof (value as Saver).put === "function";
const governed = new WeakMap<Core, WeakMap<object, Saver>>();

/** A view of a checkpointer whose values pass `state.load` and `state.save`. Anything else comes back as it is. */
export function governCheckpointer<C>(core: Core, checkpointer: C): C {
  if (!isSaver(checkpointer)) return checkpointer;
  let views = governed.get(core);
  if (views === undefined) governed.set(core, (views = new WeakMap()));
  let view = views.get(checkpointer);
  if (view === undefined) views.set(checkpointer, (view = viewOf(core, checkpointer)));
  return view as C;
}

function viewOf(core: Core, saver: Saver): Saver {
  const load = async (tuple: Tuple): Promise<Tuple> => {
    const values = await pass(core, "load", tuple.config, tuple.checkpoint.channel_values);
    const checkpoint = { ...tuple.checkpoint, channel_values: values as Record<string, unknown> };
    if (tuple.pendingWrites === undefined) return { ...tuple, checkpoint };
    const pendingWrites: (readonly [string, string, unknown])[] = [];
    for (const [task, channel, value] of tuple.pendingWrites)
      pendingWrites.push([task, channel, (await pass(core, "load", tuple.config, { [channel]: value }))[channel]]);
    return { ...tuple, checkpoint, pendingWrites };
  };
  return Object.create(saver, {
    getTuple: {
      value: async (config: Config) => {
        const tuple = await saver.getTuple(config);
        return tuple === undefined ? undefined : load(tuple);
      },
    },
    list: {
      value: async function* (config: Config, options?: unknown) {
        for await (const tuple of saver.list(config, options)) yield await load(tuple);
      },
    },
    // Values that pass without waiting are handed on in this very turn: LangGraph changes them once the saver has them.
    put: {
      value: async (config: Config, checkpoint: Checkpoint, ...rest: unknown[]) =>
        then(pass(core, "save", config, checkpoint.channel_values), (values) =>
          saver.put(config, { ...checkpoint, channel_values: values as Record<string, unknown> }, ...rest),
        ),
    },
    putWrites: {
      // The rest says whose writes they are, and, in later versions, where they sort.
      value: async (config: Config, writes: readonly (readonly [string, unknown])[], ...rest: unknown[]) => {
        const passed = writes.map(([channel, value]) =>
          then(pass(core, "save", config, { [channel]: value }), (values) => [channel, values[channel]] as const),
        );
        return passed.some((write) => write instanceof Promise)
          ? Promise.all(passed.map((write) => Promise.resolve(write))).then((done) =>
              saver.putWrites(config, done, ...rest),
            )
          : saver.putWrites(config, passed as (readonly [string, unknown])[], ...rest);
      },
    },
  }) as Saver;
}

type Values = Readonly<Record<string, unknown>>;

/** Goes on in this turn unless there is something to wait for. */
function then<V, R>(value: V | Promise<V>, next: (value: V) => R): R | Promise<Awaited<R>> {
  return value instanceof Promise ? (value.then(next) as Promise<Awaited<R>>) : next(value);
}

function pass(core: Core, way: "load" | "save", config: Config, values: Values): Values | Promise<Values> {
  const hook = core.dispatchHere()?.state[way];
  if (hook?.used !== true) return values;
  const threadId: unknown = config.configurable?.["thread_id"];
  const ns: unknown = config.configurable?.["checkpoint_ns"];
  const given: StateValues = Object.freeze({
    threadId: typeof threadId === "string" ? threadId : null,
    ns: typeof ns === "string" ? ns : "",
    values,
  });
  return then(hook.call(given, undefined), (passed) => passed.values);
}
