import type { Inspection } from "@graphtap/langgraph";
import type { Opened } from "../stack/open.js";
import { type Check, finding, note, ok } from "./check.js";
import type { Callers } from "./server.js";

const CONTROL = new Set(["guard", "reserve"]);

/** Plugins that can refuse something. */
export function guardsOf({ hooks }: Pick<Inspection, "hooks">): readonly string[] {
  return [
    ...new Set(hooks.filter(({ kind }) => CONTROL.has(kind)).flatMap(({ taps }) => taps.map(({ plugin }) => plugin))),
  ];
}

export function callersOf(inspection: Pick<Inspection, "hooks" | "plugins">): Callers {
  return {
    resolved: inspection.plugins.some(({ name }) => name === "identity-langgraph-server"),
    guards: guardsOf(inspection),
  };
}

/** What a stack says of itself after it started. */
export function checkStack(
  inspection: Pick<Inspection, "name" | "plugins" | "hooks" | "deadTaps" | "faults">,
): readonly Check[] {
  const { name, plugins, deadTaps, faults } = inspection;
  const guards = guardsOf(inspection);
  return [
    ok(
      "stack",
      `stack "${name}" started: ${plugins.map(({ id, version }) => `${id} ${version}`).join(", ") || "no plugins"}`,
    ),
    guards.length > 0
      ? ok("stack", `enforced by ${guards.join(", ")}`)
      : note("stack", "GUARDS_MISSING", "nothing is enforced: no plugin can refuse a run, a model or a tool"),
    ...deadTaps.map(({ plugin, hook }) =>
      finding("stack", "TAP_DEAD", `plugin "${plugin}" taps "${hook}", which nobody fires`),
    ),
    ...faults.recent.map(({ plugin, hook, message }) =>
      finding("stack", "STACK_FAULTS", `plugin "${plugin}" failed in "${hook}": ${message}`),
    ),
  ];
}

const ms = (value: number): string => `${value < 10 ? value.toFixed(1) : Math.round(value)} ms`;

/** Where the time of a start went. Setups that are synchronous run while the module is imported. */
export function checkBoot(
  { import: imported, ready }: Opened["took"],
  plugins: Inspection["plugins"],
): readonly Check[] {
  const known = plugins.filter((plugin) => plugin.setupMs !== null);
  const sum = known.reduce((total, { setupMs }) => total + (setupMs ?? 0), 0);
  const each = known.map(({ id, setupMs }) => `${id} ${ms(setupMs ?? 0)}`);
  return [
    ok(
      "boot",
      `boot: setups ${ms(sum)}${each.length === 0 ? "" : ` (${each.join(", ")})`}, then waited ${ms(ready)}; importing the module took ${ms(imported)}`,
    ),
  ];
}
