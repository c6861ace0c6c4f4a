import { isThreshold, THRESHOLDS } from "../logger.js";
import type { StackReference } from "../stack/reference.js";
import { type Check, finding, ok } from "./check.js";

type Env = Readonly<Record<string, string | undefined>>;

/** Set to 1, notes count as findings. */
export const isStrict = (env: Env): boolean => env["GRAPHTAP_STRICT"] === "1";

/** The variables that had an effect, and those that somebody may believe to have one. */
export function checkEnvironment(env: Env, reference: StackReference | null): readonly Check[] {
  const names = Object.keys(env).filter(
    (name) => name.startsWith("GRAPHTAP_") && env[name] !== undefined && env[name] !== "",
  );
  const checks = names.sort().map((name) => (READ[name] ?? unread)(env[name] ?? "", reference, name));
  for (const name of ["NO_COLOR", "FORCE_COLOR"])
    if ((env[name] ?? "") !== "") checks.push(ok("environment", `${name} decides about colours`));
  return checks.length === 0 ? [ok("environment", "no variable of GraphTap is set")] : checks;
}

type Reader = (value: string, reference: StackReference | null, name: string) => Check;

const READ: Readonly<Record<string, Reader | undefined>> = Object.assign(
  Object.create(null) as Record<string, Reader>,
  {
    GRAPHTAP_KILL: (value) => {
      const targets = value.split(",").length;
      // Which ones is left out: they may be names of users.
      return ok(
        "environment",
        `GRAPHTAP_KILL switches off ${targets} ${targets === 1 ? "target" : "targets"}; a stack without the plugin security does not start`,
      );
    },
    GRAPHTAP_LOG: (value) =>
      isThreshold(value)
        ? ok("environment", `GRAPHTAP_LOG=${value} is the level of consoleLogger()`)
        : finding("environment", "VARIABLE_INVALID", `GRAPHTAP_LOG is none of ${THRESHOLDS.join(", ")}`),
    GRAPHTAP_STACK: (value, reference) =>
      ok(
        "environment",
        reference?.from === "--stack"
          ? `GRAPHTAP_STACK=${value} had no effect: --stack wins`
          : `GRAPHTAP_STACK=${value} names the stack`,
      ),
    GRAPHTAP_STRICT: (value) =>
      value === "1" || value === "0"
        ? ok(
            "environment",
            `GRAPHTAP_STRICT=${value}: warnings of a stack's start and notes ${value === "1" ? "count" : "do not count"} as findings`,
          )
        : finding("environment", "VARIABLE_INVALID", "GRAPHTAP_STRICT counts only as 1", "GRAPHTAP_STRICT=1"),
  } satisfies Record<string, Reader>,
);

/** The value is not shown: nobody knows what it is. */
const unread: Reader = (_value, _reference, name) =>
  finding("environment", "VARIABLE_INVALID", `${name} is set and this version does not read it`);
