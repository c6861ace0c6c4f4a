import { CallbackManager } from "@langchain/core/callbacks/manager";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import type { Config } from "../identity/envelope.js";

/** Where LangChain keeps what `setContextVariable` sets; it hands the object on to every context it opens. */
export const VARIABLES = Symbol.for("lc:context_variables");
/** Where LangChain keeps the config of the code that runs. */
const CONFIG = Symbol.for("lc:child_config");

/** What LangChain reads of a context at every step. */
interface Ambient {
  readonly name: string;
  readonly tracingEnabled: false;
  extra: object;
  [VARIABLES]?: object;
}
type Fields = Record<string, unknown>;
type AmbientClass = new (config: Config | undefined) => Ambient;

const storageNow = () => AsyncLocalStorageProviderSingleton.getInstance();

/** LangChain's own context for code that nobody traces: a LangSmith run tree that is never sent. */
function treeOf(config: Config | undefined): Fields | undefined {
  const storage = storageNow();
  return storage.run(undefined as never, () =>
    AsyncLocalStorageProviderSingleton.runWithConfig(config, () => storage.getStore()),
  ) as Fields | undefined;
}

/**
 * A run tree that is made when somebody looks at it. LangChain makes one for every step of every node, reads two of its
 * thirty fields and throws it away: measured, a third of what a ReAct run with a scripted model takes.
 *
 * @returns null where LangChain keeps no contexts.
 */
function ambientClass(): AmbientClass | null {
  const tree = treeOf(undefined);
  if (tree === undefined || tree["tracingEnabled"] !== false) return null;
  const { name } = tree;
  class Made {
    // Own fields, as in the real one: these are read at every step.
    readonly name = name;
    readonly tracingEnabled = false;
    extra: object;
    constructor(config: Config | undefined) {
      this.extra = { metadata: {}, [CONFIG]: config };
    }
  }
  const later = Object.keys(tree).filter((key) => !["name", "tracingEnabled", "extra"].includes(key));
  const filled = (ambient: Fields): Fields => {
    // Not the prototype itself, which whoever prints an object may ask as well.
    if (!Object.hasOwn(ambient, "extra")) return {};
    const made = treeOf(undefined);
    for (const key of later)
      Object.defineProperty(ambient, key, { value: made?.[key], writable: true, enumerable: true, configurable: true });
    return ambient;
  };
  for (const key of later)
    Object.defineProperty(Made.prototype, key, {
      get(this: Fields) {
        return filled(this)[key];
      },
      set(this: Fields, value: unknown) {
        filled(this)[key] = value;
      },
      configurable: true,
    });
  Object.defineProperty(Made.prototype, "constructor", { value: tree.constructor, configurable: true, writable: true });
  Object.setPrototypeOf(Made.prototype, Object.getPrototypeOf(tree) as object);
  return Made as unknown as AmbientClass;
}

let known: AmbientClass | null | undefined;

const isTracer = (handler: unknown): boolean => (handler as { name?: unknown } | null)?.name === "langchain_tracer";

/** The call that a config's callbacks belong to. */
const parentOf = (callbacks: Config["callbacks"]): string | undefined =>
  callbacks === undefined || !("getParentRunId" in callbacks) ? undefined : callbacks.getParentRunId();

/** Whether LangChain goes on in somebody's trace: only under a call that was announced, or in a run tree. */
function traced(config: Config | undefined, context: object | undefined): boolean {
  const outside = context === undefined || !("tracingEnabled" in context);
  if (outside && parentOf(config?.callbacks) === undefined) return false;
  const listeners = CallbackManager._configureSync(
    config?.callbacks,
    undefined,
    config?.tags,
    undefined,
    config?.metadata,
  );
  return listeners?.handlers.some(isTracer) === true;
}

/**
 * What LangChain's `runWithConfig` does: runs `body` with a config as the ambient one. Where a run is traced, that one
 * does it.
 */
export function runAmbient<T>(config: Config | undefined, body: () => T): T {
  const storage = storageNow();
  const context = storage.getStore() as Partial<Ambient> | undefined;
  const Made = known === undefined ? (known = ambientClass()) : known;
  if (Made === null || traced(config, context))
    return AsyncLocalStorageProviderSingleton.runWithConfig(config, body) as T;
  const made = new Made(config);
  const variables = context?.[VARIABLES];
  if (variables !== undefined) made[VARIABLES] = variables;
  return storage.run(made as never, body) as T;
}
