import { systemClock, type Clock } from "./clock.js";
import { isControlFlow } from "./control.js";
import { hookNotADefinition, kernelOptionsInvalid } from "./errors.js";
import { has, isFunction, isText, isWaitable, misfits, type Rule } from "./given.js";
import { isHookDef, type AnyHookDef } from "./hook.js";
import type { Inspection } from "./inspect.js";
import type { KernelOptions } from "./kernel-types.js";
import { silentLogger, type Logger } from "./logger.js";

/** Kernel options with their defaults filled in. */
export interface Settings {
  readonly name: string;
  readonly hooks: readonly AnyHookDef[];
  readonly clock: Clock;
  readonly logger: Logger;
  readonly setupTimeoutMs: number;
  readonly disposeTimeoutMs: number;
  readonly drainTimeoutMs: number;
  readonly quarantineAfter: number;
  readonly isControlFlow: (error: unknown) => boolean;
  readonly isRefusal: ((error: unknown) => boolean) | undefined;
  readonly verify: ((inspection: Inspection) => void) | undefined;
}

const MS: Rule = [isWaitable, "milliseconds above 0"];
const RULES: Readonly<Record<keyof KernelOptions | "plugins", Rule>> = {
  plugins: [Array.isArray, "a list, such as [metrics()]", true],
  name: [isText, "a text"],
  hooks: [Array.isArray, "a list of hooks made by defineHook"],
  clock: [has("now", "monotonic", "setTimeout", "clearTimeout"), "{ now, monotonic, setTimeout, clearTimeout }"],
  logger: [has("log"), "{ log(level, text, fields) }"],
  setupTimeoutMs: MS,
  disposeTimeoutMs: MS,
  drainTimeoutMs: MS,
  quarantineAfter: [(value) => Number.isInteger(value) && (value as number) >= 0, "a whole number (0: never)"],
  isControlFlow: [isFunction, "a function"],
  isRefusal: [isFunction, "a function"],
  verify: [isFunction, "a function"],
};

/** Throws KERNEL_OPTIONS_INVALID: without valid settings there is no kernel that could report it later. */
export function settle(options: KernelOptions): Settings {
  const problems = misfits(options, RULES);
  if (problems.length > 0) throw kernelOptionsInvalid(problems);
  const stray = options.hooks?.find((def) => !isHookDef(def));
  if (stray !== undefined) throw hookNotADefinition(stray);
  return {
    name: options.name ?? "kernel",
    hooks: options.hooks ?? [],
    clock: options.clock ?? systemClock,
    logger: options.logger ?? silentLogger,
    setupTimeoutMs: options.setupTimeoutMs ?? 10_000,
    disposeTimeoutMs: options.disposeTimeoutMs ?? 10_000,
    drainTimeoutMs: options.drainTimeoutMs ?? 30_000,
    quarantineAfter: options.quarantineAfter ?? 5,
    isControlFlow: options.isControlFlow ?? isControlFlow,
    isRefusal: options.isRefusal,
    verify: options.verify,
  };
}
