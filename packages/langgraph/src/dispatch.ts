import type { Epoch, RunnerOf } from "@graphtap/kernel";
import { hooks } from "./hooks/index.js";

type Runners<G> = { readonly [K in keyof G]: RunnerOf<G[K]> };

function runnersOf<G extends Record<string, unknown>>(group: G, epoch: Epoch): Runners<G> {
  const runners: Record<string, unknown> = {};
  for (const [name, def] of Object.entries(group)) runners[name] = epoch.runner(def as never);
  return runners as Runners<G>;
}

/** The runners of one epoch as plain properties, looked up once per epoch and not once per call. */
export interface Dispatch {
  /** Where they are from. Held by nobody: for what needs the taps alone, and not that their plugins stay. */
  readonly epoch: Epoch;
  readonly run: Runners<typeof hooks.run>;
  readonly node: Runners<typeof hooks.node>;
  readonly model: Runners<typeof hooks.model>;
  readonly tool: Runners<typeof hooks.tool>;
  readonly state: Runners<typeof hooks.state>;
  /** No hook of a run is tapped: everything passes straight through. */
  readonly idle: boolean;
  readonly anyNode: boolean;
  readonly anyTool: boolean;
  /** Model calls are followed: somebody taps them, or a run's end or settlement tells what they used. */
  readonly followsModels: boolean;
  /** A plugin may refuse tools, or models: what reaches one without passing the gate is refused too. */
  readonly controlsTools: boolean;
  readonly controlsModels: boolean;
  /** Somebody needs to know what code reaches around the gate. */
  readonly watches: boolean;
  /** Who runs it must be known: some plugin judges or counts per principal. */
  readonly needsIdentity: boolean;
}

const used = (runners: Record<string, { readonly used: boolean }>): boolean =>
  Object.values(runners).some((r) => r.used);

/** Builds the property table of an epoch. */
export function createDispatch(epoch: Epoch): Dispatch {
  const run = runnersOf(hooks.run, epoch);
  const node = runnersOf(hooks.node, epoch);
  const model = runnersOf(hooks.model, epoch);
  const tool = runnersOf(hooks.tool, epoch);
  const state = runnersOf(hooks.state, epoch);
  const anyNode = used(node);
  const anyTool = used(tool);
  const followsModels = used(model) || run.end.used || run.admit.used;
  const controlsTools = tool.authorize.used || tool.admit.used || tool.prepare.used || tool.result.used;
  const controlsModels =
    model.authorize.used || model.admit.used || model.prepare.used || model.result.used || model.stream.used;
  const judged = [tool.authorize, tool.admit, model.authorize, model.admit, run.admit];
  const demanding = new Set(epoch.plugins.filter((p) => p.identity !== "none").map((p) => p.id));
  const required = epoch.plugins.some((p) => p.identity === "required");
  return {
    epoch,
    run,
    node,
    model,
    tool,
    state,
    idle: !anyNode && !anyTool && !followsModels && !used(run),
    anyNode,
    anyTool,
    followsModels,
    controlsTools,
    controlsModels,
    watches: followsModels || controlsTools || controlsModels || tool.start.used || tool.end.used,
    needsIdentity: required || judged.some((runner) => runner.taps.some((tap) => demanding.has(tap.plugin))),
  };
}
