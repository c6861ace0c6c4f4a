import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { registerConfigureHook } from "@langchain/core/context";
import type { Config } from "../identity/envelope.js";
import { VARIABLES } from "./ambient.js";
import type { Frame } from "./scope.js";

type Variables = Readonly<Record<symbol, unknown>>;
/** What a context holds. */
type Store = { readonly [VARIABLES]?: Variables; readonly [LOUD]?: { readonly around: Store; quiet: object | null } };
/** Where a quiet context keeps the one around it, and itself: a copy of it holds what came since. */
const LOUD = Symbol("graphtap loud");

/** A variable whose handler LangChain adds to every call, whatever callbacks the call brings itself. */
interface ConfigureHook {
  readonly contextVar: symbol;
  readonly inheritable: true;
}

let hooksKey: symbol | undefined;

/** Where LangChain keeps its configure hooks, a symbol of its own: found by registering one where it reaches nobody. */
function configureHooksKey(): symbol | undefined {
  if (hooksKey !== undefined) return hooksKey;
  const storage = AsyncLocalStorageProviderSingleton.getInstance();
  storage.run({ [VARIABLES]: {} } as never, () => {
    registerConfigureHook({ contextVar: "graphtap" });
    [hooksKey] = Object.getOwnPropertySymbols((storage.getStore() as Store | undefined)?.[VARIABLES] ?? {});
  });
  return hooksKey;
}

/**
 * Carries the frame through awaits, in LangChain's own AsyncLocalStorage. One of ours would be simpler, but on Node 20
 * every AsyncLocalStorage in use makes each promise of the process dearer: measured, a ReAct run took 12 % more CPU.
 * Each stack has a key of its own, so that stacks cannot see each other's runs.
 */
export class FrameStore {
  readonly #key = Symbol("graphtap frame");
  readonly #hook: ConfigureHook = Object.freeze({ contextVar: Symbol("graphtap watcher"), inheritable: true });
  readonly #hooks = Object.freeze([this.#hook]);
  /** By LangGraph's book of each task, which is in every config of that task and nobody else can make. */
  readonly #tasks = new WeakMap<object, Frame>();

  getStore(): Frame | undefined {
    const store = AsyncLocalStorageProviderSingleton.getInstance().getStore() as Store | undefined;
    return store?.[VARIABLES]?.[this.#key] as Frame | undefined;
  }

  /** Remembers whose task a config is of. */
  keep(config: Config | undefined, frame: Frame): void {
    const book: unknown = config?.configurable?.["__pregel_scratchpad"];
    if (typeof book === "object" && book !== null) this.#tasks.set(book, frame);
  }

  /** The task that a config is of; undefined where it is of none that is known. */
  taskOf(config: Config | undefined): Frame | undefined {
    const book: unknown = config?.configurable?.["__pregel_scratchpad"];
    return typeof book === "object" && book !== null ? this.#tasks.get(book) : undefined;
  }

  /** Runs `body` with this frame, and everything it awaits. */
  run<T>(frame: Frame, body: () => T): T {
    return this.#with(frame, body);
  }

  /** Runs `body` as if no run were under way. */
  exit<T>(body: () => T): T {
    return this.#with(undefined, body);
  }

  /**
   * Runs LangChain's own part of a call that goes unannounced: there nobody watches.
   *
   * @param by the model that is called, where it is one
   */
  quietly<T>(body: () => T, by?: object): T {
    const frame = this.getStore();
    if (frame?.watcher === undefined) return body();
    const { scope, ctx, permits, model } = frame;
    const quiet = { scope, ctx, permits, loud: frame, quietFor: by ?? null };
    return this.#with(model === undefined ? quiet : { ...quiet, model }, body, true);
  }

  /** Runs the host's part of such a call: watched as around it. */
  aloud<T>(body: () => T): T {
    const loud = this.getStore()?.loud;
    return loud === undefined ? body() : this.#with(loud, body);
  }

  #with<T>(frame: Frame | undefined, body: () => T, quiet = false): T {
    const storage = AsyncLocalStorageProviderSingleton.getInstance();
    const outer = storage.getStore() as (Store & object) | undefined;
    const variables = outer?.[VARIABLES];
    if (variables?.[this.#key] === frame) return body();
    // Back to what was around a quiet context, where LangChain has opened none since.
    const back = outer?.[LOUD];
    if (back !== undefined && back.quiet === outer && back.around[VARIABLES]?.[this.#key] === frame)
      return storage.run(back.around as never, body) as T;
    const own: Record<symbol, unknown> = { ...variables, [this.#key]: frame };
    if (frame?.watcher !== undefined) this.#watch(own, frame.watcher);
    else if (own[this.#hook.contextVar] !== undefined) own[this.#hook.contextVar] = undefined;
    // A copy of LangChain's own store: its run tree and its ambient config stay what they are. Not a derived object: each
    // one would turn a run tree into a prototype, which V8 pays for on every later access to one. And not copied field by
    // field, which would make it a dictionary.
    const parent = outer === undefined ? null : (Object.getPrototypeOf(outer) as object | null);
    const loud = quiet && outer !== undefined ? { around: outer, quiet: null as object | null } : undefined;
    const store =
      outer === undefined ? { [VARIABLES]: own } : { ...outer, __proto__: parent, [VARIABLES]: own, [LOUD]: loud };
    if (loud !== undefined) loud.quiet = store;
    return storage.run(store as never, body) as T;
  }

  /** Code that gives a call callbacks of its own, or an empty list of them, must not lose the watcher with the others. */
  #watch(variables: Record<symbol, unknown>, watcher: object): void {
    const key = configureHooksKey();
    if (key === undefined) return;
    const hooks = variables[key] as readonly ConfigureHook[] | undefined;
    if (hooks === undefined) variables[key] = this.#hooks;
    else if (!hooks.includes(this.#hook)) variables[key] = [...hooks, this.#hook];
    variables[this.#hook.contextVar] = watcher;
  }
}
