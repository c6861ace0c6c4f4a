type Inspect = (value: unknown, options: object) => string;

// Looked up and not imported: where there is no Node, nothing but this answer is missing.
const { process } = globalThis as {
  process?: { getBuiltinModule?: (id: string) => { readonly inspect: Inspect } | undefined };
};
const inspect = process?.getBuiltinModule?.("node:util")?.inspect;

// All that a host may have set as its defaults.
const PLAIN = {
  depth: 0,
  colors: false,
  customInspect: false,
  showHidden: false,
  showProxy: false,
  compact: true,
  breakLength: Infinity,
  maxStringLength: 0,
  maxArrayLength: 0,
} as const;

/** Whether a promise has not ended, without waiting for it; true where that cannot be known. */
export function isPending(promise: Promise<unknown>): boolean {
  return inspect === undefined || /^[^{]*\{ <pending>/.test(inspect(promise, PLAIN));
}
