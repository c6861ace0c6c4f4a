import { systemClock, type Clock } from "./clock.js";
import { isControlFlow } from "./control.js";
import { hookNotADefinition, kernelOptionsInvalid } from "./errors.js";
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
  readonly verify: ((inspection: Inspection) => void) | undefined;
}

const CLOCK = ["now", "monotonic", "setTimeout", "clearTimeout"] as const satisfies readonly (keyof Clock)[];
const OPTIONS: ReadonlySet<string> = new Set<keyof KernelOptions | "plugins">([
  "plugins",
  "name",
  "hooks",
  "clock",
  "logger",
  "setupTimeoutMs",
  "disposeTimeoutMs",
  "drainTimeoutMs",
  "quarantineAfter",
  "isControlFlow",
  "verify",
]);

/** Throws KERNEL_OPTIONS_INVALID: without valid settings there is no kernel that could report it later. */
export function settle(options: KernelOptions): Settings {
  if (typeof options !== "object" || options === null)
    throw kernelOptionsInvalid("no options were given.", "createKernel({ plugins: [] })");
  // A misspelt option would leave its default in force without a word.
  const unknown = Object.keys(options).filter((name) => !OPTIONS.has(name));
  if (unknown.length > 0)
    throw kernelOptionsInvalid(`${unknown.join(", ")}: no such option.`, `options are ${[...OPTIONS].join(", ")}`);
  const { hooks = [], clock = systemClock, logger = silentLogger } = options;
  if (!Array.isArray(hooks)) throw kernelOptionsInvalid("hooks is not a list.", "hooks: [ticketClosed]");
  if (!CLOCK.every((method) => typeof clock?.[method] === "function"))
    throw kernelOptionsInvalid(
      "clock is no clock.",
      `a clock has ${CLOCK.join(", ")}; leave it out for the machine's.`,
    );
  if (typeof logger?.log !== "function")
    throw kernelOptionsInvalid("logger is no logger.", "logger: { log(level, text, fields) { ... } }");
  const stray = hooks.find((def) => !isHookDef(def));
  if (stray !== undefined) throw hookNotADefinition(stray);
  return {
    name: options.name ?? "kernel",
    hooks,
    clock,
    logger,
    setupTimeoutMs: positive("setupTimeoutMs", options.setupTimeoutMs, 10_000),
    disposeTimeoutMs: positive("disposeTimeoutMs", options.disposeTimeoutMs, 10_000),
    drainTimeoutMs: positive("drainTimeoutMs", options.drainTimeoutMs, 30_000),
    quarantineAfter: count("quarantineAfter", options.quarantineAfter, 5),
    isControlFlow: options.isControlFlow ?? isControlFlow,
    verify: options.verify,
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
