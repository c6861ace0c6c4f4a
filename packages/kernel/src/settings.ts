import { systemClock, type Clock } from "./clock.js";
import { isControlFlow } from "./control.js";
import { hookNotADefinition, kernelOptionsInvalid } from "./errors.js";
import { isHookDef, type AnyHookDef } from "./hook.js";
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
}

/** Throws KERNEL_OPTIONS_INVALID: without valid settings there is no kernel that could report it later. */
export function settle(options: KernelOptions): Settings {
  if (typeof options !== "object" || options === null)
    throw kernelOptionsInvalid("no options were given.", "createKernel({ plugins: [] })");
  const { hooks = [] } = options;
  const stray = hooks.find((def) => !isHookDef(def));
  if (stray !== undefined) throw hookNotADefinition(stray);
  return {
    name: options.name ?? "kernel",
    hooks,
    clock: options.clock ?? systemClock,
    logger: options.logger ?? silentLogger,
    setupTimeoutMs: positive("setupTimeoutMs", options.setupTimeoutMs, 10_000),
    disposeTimeoutMs: positive("disposeTimeoutMs", options.disposeTimeoutMs, 10_000),
    drainTimeoutMs: positive("drainTimeoutMs", options.drainTimeoutMs, 30_000),
    quarantineAfter: count("quarantineAfter", options.quarantineAfter, 5),
    isControlFlow: options.isControlFlow ?? isControlFlow,
  };
}

function positive(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (typeof value === "number" && value > 0) return value;
  throw kernelOptionsInvalid(
    `${name} is ${String(value)}.`,
    `${name}: ${fallback}   (milliseconds, above 0; the default)`,
  );
}

function count(name: string, value: number | undefined, fallback: number): number {
  if (value === undefined) return fallback;
  if (Number.isInteger(value) && value >= 0) return value;
  throw kernelOptionsInvalid(`${name} is ${String(value)}.`, `${name}: ${fallback}   (a whole number; 0: never)`);
}
