import type { HookStats, Epochs } from "./epoch.js";
import type { Faults } from "./faults.js";
import type { AnyHookDef } from "./hook.js";
import type { DeadTap, InspectedHook, InspectedPlugin, InspectionData } from "./inspect.js";
import type { Instance } from "./instance.js";
import type { KernelState } from "./kernel-types.js";
import type { Ledger } from "./ledger.js";
import { KERNEL_API, KERNEL_VERSION } from "./version.js";

/** The parts of a kernel that `inspect()` looks at. */
export interface Surveyed {
  readonly name: string;
  readonly state: KernelState;
  readonly epochs: Epochs;
  readonly draining: ReadonlySet<Instance>;
  readonly declared: readonly AnyHookDef[];
  readonly stats: ReadonlyMap<string, HookStats>;
  readonly faults: Faults;
  readonly ledger: Ledger;
  readonly profiling: boolean;
}

/** Everything about a kernel at this moment, as plain data. */
export function survey(kernel: Surveyed): InspectionData {
  const { current, held } = kernel.epochs;
  const hooks = hooksOf(kernel);
  const deadTaps: DeadTap[] = hooks
    .filter((hook) => hook.declaredBy.length === 0 && hook.calls === 0)
    .flatMap((hook) => hook.taps.map(({ plugin }) => ({ plugin, hook: hook.name })));
  return {
    name: kernel.name,
    state: kernel.state,
    version: KERNEL_VERSION,
    api: KERNEL_API,
    epoch: current.id,
    heldEpochs: held.size,
    plugins: [...current.instances, ...kernel.draining].map(inspectPlugin),
    hooks,
    deadTaps,
    faults: { total: kernel.faults.total, recent: kernel.faults.recent() },
    pending: kernel.ledger.pending(),
    pendingDropped: kernel.ledger.dropped,
    profiling: kernel.profiling,
  };
}

function hooksOf({ epochs, declared, stats }: Surveyed): readonly InspectedHook[] {
  const { current } = epochs;
  const declaredBy = new Map<string, string[]>();
  const defs = new Map<string, AnyHookDef>();
  const declare = (def: AnyHookDef, by: string): void => {
    if (!defs.has(def.name)) defs.set(def.name, def);
    declaredBy.set(def.name, [...(declaredBy.get(def.name) ?? []), by]);
  };
  for (const def of declared) declare(def, "host");
  for (const { id, plugin } of current.instances) for (const def of plugin.hooks) declare(def, id);
  for (const [name, taps] of current.taps) if (!defs.has(name)) defs.set(name, taps[0]!.def);
  return [...defs.values()]
    .sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0))
    .map(({ name, kind, fault, timeoutMs }) => ({
      name,
      kind,
      fault,
      timeoutMs,
      declaredBy: declaredBy.get(name) ?? [],
      calls: stats.get(name)?.calls ?? 0,
      taps: (current.taps.get(name) ?? []).map(({ plugin, stage, state }) => ({
        plugin,
        stage,
        faults: state.faults,
        quarantined: state.quarantined,
      })),
    }));
}

function inspectPlugin({ plugin, state, setupMs, info, taps }: Instance): InspectedPlugin {
  return {
    ...info,
    state,
    optional: plugin.optional.map(({ id }) => id),
    before: plugin.before,
    after: plugin.after,
    site: plugin.site,
    setupMs,
    taps: taps.length,
  };
}
