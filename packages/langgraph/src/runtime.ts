import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { runtimeUnsupported } from "./errors.js";

/** What is looked at of the place a stack runs in. */
export interface Runtime {
  /** `process.versions.node`; undefined where there is none. */
  readonly node: string | undefined;
  /** Whether LangChain's asynchronous context reaches what is awaited. */
  readonly carriesContext: boolean;
  /** Globals of the language that are not there. */
  readonly missing: readonly string[];
}

const GLOBALS = ["WeakRef", "AbortController", "structuredClone", "queueMicrotask"] as const;

function carriesContext(): boolean {
  // LangChain puts a stand-in that carries nothing where nobody gave it a real one (its `/web` entry points).
  const storage = AsyncLocalStorageProviderSingleton.getInstance();
  const probe = {};
  return storage.run(probe as never, () => storage.getStore()) === probe;
}

const here = (): Runtime => ({
  node: (globalThis as { process?: { versions?: { node?: string } } }).process?.versions?.node,
  carriesContext: carriesContext(),
  missing: GLOBALS.filter((name) => typeof (globalThis as Record<string, unknown>)[name] !== "function"),
});

/** Node 20.19, the first that requires ES modules without a flag. */
function isOld(version: string): boolean {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  return major < 20 || (major === 20 && minor < 19);
}

/**
 * Refuses a place where hooks would not fire, or not for whom they should.
 *
 * @throws GraphTapError RUNTIME_UNSUPPORTED
 */
export function assertRuntime({ node, carriesContext: carried, missing }: Runtime = here()): void {
  if (node === undefined) throw runtimeUnsupported("This is no Node: process.versions.node is missing.");
  if (isOld(node)) throw runtimeUnsupported(`This is Node ${node}; 20.19 is the oldest that is supported.`);
  if (missing.length > 0) throw runtimeUnsupported(`Node ${node} lacks ${missing.join(", ")} here.`);
  if (!carried)
    throw runtimeUnsupported(
      "AsyncLocalStorage carries nothing here, so no tool or model call would know which run it belongs to.",
    );
}
