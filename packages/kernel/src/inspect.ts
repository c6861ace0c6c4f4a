import type { FaultRecord } from "./faults.js";
import type { Fault, HookKind } from "./hook.js";
import type { InstanceState } from "./instance.js";
import type { KernelState } from "./kernel-types.js";
import type { PendingAction } from "./ledger.js";
import type { IdentityNeed } from "./plugin.js";
import type { Stage } from "./tap.js";

export interface InspectedPlugin {
  readonly id: string;
  readonly name: string;
  readonly version: string;
  readonly key: string | null;
  readonly state: InstanceState;
  readonly identity: IdentityNeed;
  readonly provides: readonly string[];
  readonly requires: readonly string[];
  readonly optional: readonly string[];
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly site: string | null;
  readonly setupMs: number | null;
  readonly taps: number;
}

export interface InspectedTap {
  readonly plugin: string;
  readonly stage: Stage;
  readonly faults: number;
  readonly quarantined: boolean;
}

export interface InspectedHook {
  readonly name: string;
  readonly kind: HookKind;
  readonly fault: Fault;
  readonly timeoutMs: number | null;
  /** Who says that it fires it: `host`, or plugin ids. */
  readonly declaredBy: readonly string[];
  /** Calls with at least one tap. */
  readonly calls: number;
  /** In the order in which they run; for `around` the first is the outermost. */
  readonly taps: readonly InspectedTap[];
}

/** A tap on a hook that nobody declares and nobody has fired: a typo, or a plugin for another host. */
export interface DeadTap {
  readonly plugin: string;
  readonly hook: string;
}

export interface InspectionData {
  readonly name: string;
  readonly state: KernelState;
  readonly version: string;
  readonly api: number;
  /** Id of the current epoch; it grows with every change of plugins or taps. */
  readonly epoch: number;
  /** Epochs that runs hold. */
  readonly heldEpochs: number;
  /** In the order of start. Draining ones, which only older runs still use, come last. */
  readonly plugins: readonly InspectedPlugin[];
  readonly hooks: readonly InspectedHook[];
  readonly deadTaps: readonly DeadTap[];
  readonly faults: { readonly total: number; readonly recent: readonly FaultRecord[] };
  readonly pending: readonly PendingAction[];
  /** Pending actions that did not fit into the ledger. */
  readonly pendingDropped: number;
  readonly profiling: boolean;
}

/** What `kernel.inspect()` gives: plain data, and three ways to print it. */
export interface Inspection extends InspectionData {
  /** The data without these functions. */
  toJSON(): InspectionData;
  /** For a terminal. Holds no times and no counts of calls, so a snapshot of it changes only when the order does. */
  toTree(): string;
  /** A flowchart: plugins, the services between them, and the taps of every hook in order. */
  toMermaid(): string;
}

export function createInspection(data: InspectionData): Inspection {
  return Object.freeze({ ...data, toJSON: () => data, toTree: () => toTree(data), toMermaid: () => toMermaid(data) });
}

function toTree(data: InspectionData): string {
  const dead = new Set(data.deadTaps.map(({ hook }) => hook));
  const tapped = data.hooks.filter(({ taps }) => taps.length > 0);
  const untapped = data.hooks.length - tapped.length;
  return [
    `${data.name} (${data.state})`,
    "plugins",
    ...branch(data.plugins.map((plugin) => [pluginLine(plugin)])),
    "hooks",
    ...branch([
      ...tapped.map((hook) => [hookLine(hook, dead.has(hook.name)), ...branch(hook.taps.map((tap) => [tapLine(tap)]))]),
      ...(untapped === 0 ? [] : [[`${untapped} more that nobody taps`]]),
    ]),
  ].join("\n");
}

/** Draws items below a line; the first line of each item gets the branch. */
function branch(items: readonly (readonly string[])[]): readonly string[] {
  return items.flatMap((lines, index) => {
    const last = index === items.length - 1;
    return lines.map((line, row) => (row === 0 ? `${last ? "└─" : "├─"} ${line}` : `${last ? "  " : "│ "} ${line}`));
  });
}

function pluginLine({ id, version, state, provides, requires, optional }: InspectedPlugin): string {
  const parts = [`${id} ${version}`];
  if (provides.length > 0) parts.push(`provides ${provides.join(", ")}`);
  if (requires.length > 0) parts.push(`requires ${requires.join(", ")}`);
  if (optional.length > 0) parts.push(`optional ${optional.join(", ")}`);
  if (state !== "ready") parts.push(state);
  return parts.join("  ");
}

function hookLine({ name, kind, fault, timeoutMs }: InspectedHook, dead: boolean): string {
  return `${name}  ${kind}, ${fault}${timeoutMs === null ? "" : `, ${timeoutMs} ms`}${dead ? "  DEAD: nobody fires it" : ""}`;
}

function tapLine({ plugin, stage, faults, quarantined }: InspectedTap): string {
  return `${plugin}${stage === "normal" ? "" : ` (${stage})`}${quarantined ? "  QUARANTINED" : faults > 0 ? `  ${faults} faults` : ""}`;
}

/** Keys of plugins and ids of services are free text: a quote or a line break would end the label and the diagram. */
const label = (text: string): string => text.replaceAll('"', "#quot;").replaceAll(/\s+/g, " ");

function toMermaid(data: InspectionData): string {
  const lines = ["flowchart LR"];
  const pluginNode = new Map(data.plugins.map(({ id }, index) => [id, `p${index}`]));
  for (const plugin of data.plugins)
    lines.push(`  ${pluginNode.get(plugin.id)}["${label(`${plugin.id} ${plugin.version}`)}"]`);
  const provider = new Map(
    data.plugins
      .flatMap((plugin) => plugin.provides.map((service) => [service, plugin.id] as const))
      // The first of several instances has the plain id.
      .toReversed(),
  );
  for (const plugin of data.plugins) {
    for (const service of [...plugin.requires, ...plugin.optional]) {
      const from = provider.get(service);
      if (from !== undefined)
        lines.push(`  ${pluginNode.get(from)} -->|"${label(service)}"| ${pluginNode.get(plugin.id)}`);
    }
  }
  for (const [index, hook] of data.hooks.entries()) {
    if (hook.taps.length === 0) continue;
    lines.push(`  h${index}(["${hook.name}"])`);
    for (const [position, tap] of hook.taps.entries())
      lines.push(`  h${index} -.->|${position + 1}| ${pluginNode.get(tap.plugin)}`);
  }
  return lines.join("\n");
}
