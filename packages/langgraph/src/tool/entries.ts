import { Runnable } from "@langchain/core/runnables";

/** How a runnable is started, or made into another one. LangChain's own versions all end in `invoke`. */
const ENTRIES = [
  "batch",
  "stream",
  "_streamIterator",
  "transform",
  "streamEvents",
  "streamLog",
  "_streamLog",
  "_streamEventsV1",
  "_streamEventsV2",
  "pipe",
  "withConfig",
  "withRetry",
  "withFallbacks",
  "withListeners",
  "asTool",
] as const;

type Methods = Readonly<Record<string, unknown>>;
const methodsOf = (of: object): Methods => of as Methods;
const base = methodsOf(Runnable.prototype);

/** The class whose method this is, unless the object itself has it. */
function declarer(of: object, method: string): string | null {
  for (let at: object | null = of; at !== null; at = Object.getPrototypeOf(at) as object | null)
    if (Object.hasOwn(at, method)) return at === of ? null : at.constructor.name;
  return null;
}

/**
 * What a governed object needs of LangChain's own entry points, where the original has others: those of a binding (which
 * `asTool` makes) and of adapters go to what lies behind them, and past the governed `invoke`.
 */
export function entriesOf(original: object): PropertyDescriptorMap {
  const methods = methodsOf(original);
  const runnable = Runnable.isRunnable(original);
  const differs = ENTRIES.filter(
    (name) =>
      typeof methods[name] === "function" &&
      (!runnable || (methods[name] !== base[name] && declarer(original, name) !== "Runnable")),
  );
  // What is no runnable has none of the methods that these call in turn.
  const names = differs.length > 0 && !runnable ? Object.getOwnPropertyNames(base) : differs;
  const entries: PropertyDescriptorMap = {};
  for (const name of names)
    if (name !== "constructor" && name !== "invoke" && typeof base[name] === "function")
      entries[name] = { value: base[name], writable: true, configurable: true };
  return entries;
}
