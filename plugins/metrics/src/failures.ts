/** Causes that are followed; there may be no end of them. */
const DEEPEST = 10;

/**
 * Recognises one failure on its way up. The same error passes the tool or model it came from, its run, and every run
 * around that one, bare or as the cause of another error; it is one failure.
 */
export class Failures {
  /** The run trees in which an error was counted: several may throw one object. Weak: counting keeps nothing alive. */
  readonly #counted = new WeakMap<object, WeakSet<object>>();
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
    const known = chain.some((link) => this.#counted.get(link)?.has(root) === true);
    for (const link of chain) {
      const roots = this.#counted.get(link);
      if (roots === undefined) this.#counted.set(link, new WeakSet([root]));
      else roots.add(root);
    }
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

/** The error, and everything it says that it comes from: its cause, and of several errors in one each. */
function chainOf(error: object): object[] {
  const chain = [error];
  for (let at = 0; at < chain.length && chain.length < DEEPEST; at++)
    for (const link of linksOf(chain[at] as object))
      if (typeof link === "object" && link !== null && chain.length < DEEPEST && !chain.includes(link))
        chain.push(link);
  return chain;
}

function linksOf(error: object): readonly unknown[] {
  try {
    const { cause, errors } = error as { cause?: unknown; errors?: unknown };
    return [cause, ...(Array.isArray(errors) ? errors.slice(0, DEEPEST) : [])];
  } catch {
    // A getter that throws hides its cause; the error itself is still recognised.
    return [];
  }
}
