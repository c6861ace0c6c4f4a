/** Loads modules of the user's, TypeScript included. */
export interface Modules {
  /** @throws GraphTapError STACK_LOAD_FAILED, STACK_LOADER_MISSING */
  load(path: string): Promise<Readonly<Record<string, unknown>>>;
}

/** Everything the command line has of the world around it, so that a test can give it another. */
export interface Io {
  /** Standard output. A line break is added where the text has none. */
  out(text: string): void;
  /** Standard error, likewise. */
  err(text: string): void;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly cwd: string;
  /** Whether each stream is a terminal. */
  readonly terminal: { readonly out: boolean; readonly err: boolean };
  /** Version of Node, without the v. */
  readonly node: string;
  readonly modules: Modules;
  /** Milliseconds, monotonic. */
  now(): number;
}
