/** How deep a chain of causes is followed; it may be endless. */
const DEEPEST = 10;

/**
 * Recognises one failure on its way up. The same error passes the tool or model it came from, its run, and every run
 * around that one, bare or as the cause of another error; it is one failure.
 */
export class Failures {
  /** The run tree in which an error was last counted. Weak: counting must keep neither errors nor runs alive. */
  readonly #counted = new WeakMap<object, WeakRef<object>>();
  /** Thrown texts and numbers, by run tree: they have no identity, so equal ones are one failure. */
  readonly #values = new WeakMap<object, Set<unknown>>();

  /**
   * Whether this error is new in the run tree of `root`; marks it, and what caused it, as known there. Without an error
   * (null, undefined) there is nothing to recognise: it is new each time.
   */
  isNew(root: object, error: unknown): boolean {
    if (error === null || error === undefined) return true;
    if (typeof error !== "object" && typeof error !== "function") return this.#isNewValue(root, error);
    const chain = chainOf(error);
    const known = chain.some((link) => this.#counted.get(link)?.deref() === root);
    const here = new WeakRef(root);
    for (const link of chain) this.#counted.set(link, here);
    return !known;
  }

  #isNewValue(root: object, value: unknown): boolean {
    const seen = this.#values.get(root) ?? new Set();
    this.#values.set(root, seen);
    if (seen.has(value)) return false;
    if (seen.size < MOST_VALUES) seen.add(value);
    return true;
  }
}

/** Different thrown texts remembered per run tree. */
const MOST_VALUES = 100;

function chainOf(error: object): object[] {
  const chain = [error];
  let link = causeOf(error);
  while (typeof link === "object" && link !== null && chain.length < DEEPEST && !chain.includes(link)) {
    chain.push(link);
    link = causeOf(link);
  }
  return chain;
}

function causeOf(error: object): unknown {
  try {
    return (error as { cause?: unknown }).cause;
  } catch {
    // A getter that throws hides its cause; the error itself is still recognised.
    return undefined;
  }
}
