import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import type { Frame } from "./scope.js";

/** Where LangChain keeps what `setContextVariable` sets; it hands the object on to every context it opens. */
const VARIABLES = Symbol.for("lc:context_variables");
type Variables = Readonly<Record<symbol, unknown>>;
type Store = { readonly [VARIABLES]?: Variables };

/**
 * Carries the frame through awaits, in LangChain's own AsyncLocalStorage. One of ours would be simpler, but on Node 20
 * every AsyncLocalStorage in use makes each promise of the process dearer: measured, a ReAct run took 12 % more CPU.
 * Each stack has a key of its own, so that stacks cannot see each other's runs.
 */
export class FrameStore {
  readonly #key = Symbol("graphtap frame");

  getStore(): Frame | undefined {
    const store = AsyncLocalStorageProviderSingleton.getInstance().getStore() as Store | undefined;
    return store?.[VARIABLES]?.[this.#key] as Frame | undefined;
  }

  /** Runs `body` with this frame, and everything it awaits. */
  run<T>(frame: Frame, body: () => T): T {
    return this.#with(frame, body);
  }

  /** Runs `body` as if no run were under way. */
  exit<T>(body: () => T): T {
    return this.#with(undefined, body);
  }

  #with<T>(frame: Frame | undefined, body: () => T): T {
    const storage = AsyncLocalStorageProviderSingleton.getInstance();
    const outer = storage.getStore() as (Store & object) | undefined;
    const variables = outer?.[VARIABLES];
    if (variables?.[this.#key] === frame) return body();
    // A copy of LangChain's own store: its run tree and its ambient config stay what they are. Not a derived object:
    // each one would turn a run tree into a prototype, which V8 pays for on every later access to one.
    const store: { [VARIABLES]?: Variables } =
      outer === undefined
        ? {}
        : Object.assign(Object.create(Object.getPrototypeOf(outer) as object | null) as object, outer);
    store[VARIABLES] = variables === undefined ? { [this.#key]: frame } : { ...variables, [this.#key]: frame };
    return storage.run(store as never, body) as T;
  }
}
