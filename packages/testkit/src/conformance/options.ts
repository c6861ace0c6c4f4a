import type { AnyHookDef, PluginInput } from "@graphtap/kernel";
import type { Stack } from "@graphtap/langgraph";

/** The kernel functions a second copy has to bring. */
export interface KernelCopy {
  createKernel(options: {
    readonly name?: string;
    readonly plugins: readonly PluginInput[];
    readonly hooks?: readonly AnyHookDef[];
  }): {
    ready(): Promise<void>;
    dispose(): Promise<void>;
    call(def: AnyHookDef, value: unknown, context?: unknown, core?: unknown): unknown;
    inspect(): {
      readonly hooks: readonly { readonly name: string; readonly taps: readonly { readonly plugin: string }[] }[];
    };
  };
}

export interface ConformanceOptions {
  /** Plugins that the one under test requires; installed in every case. */
  readonly requires?: () => readonly PluginInput[];
  /**
   * More plugins it has to get along with, each tried before and after it: beside two of the kit's own, which tap every
   * hook, and the first-party plugins that your project has installed.
   */
  readonly beside?: readonly (() => PluginInput)[];
  /** Runs before the first run of each stack: grants, settings. */
  readonly prepare?: (stack: Stack) => void | Promise<void>;
  /** Who runs the kit's graphs. Default `testkit`. */
  readonly userId?: string;
  /** How many runs are compared in parallel. Default 100. */
  readonly parallel?: number;
  /** Milliseconds a case may take. Default 60,000. */
  readonly timeoutMs?: number;
  /** Loads another copy of `@graphtap/kernel`. Default: the installed one is copied to a temporary folder. */
  readonly secondKernel?: () => Promise<KernelCopy>;
}

/** What a plugin is made by; called once for every stack. */
export type MakePlugin = () => PluginInput;

/** What is the same in every case. */
export interface Kit {
  readonly make: MakePlugin;
  readonly requires: () => readonly PluginInput[];
  readonly beside: readonly (() => PluginInput)[];
  readonly prepare: (stack: Stack) => void | Promise<void>;
  readonly userId: string;
  readonly parallel: number;
  readonly secondKernel: (() => Promise<KernelCopy>) | null;
}

export function kitOf(make: MakePlugin, options: ConformanceOptions): Kit {
  return {
    make,
    requires: options.requires ?? (() => []),
    beside: options.beside ?? [],
    prepare: options.prepare ?? (() => undefined),
    userId: options.userId ?? "testkit",
    parallel: options.parallel ?? 100,
    secondKernel: options.secondKernel ?? null,
  };
}
