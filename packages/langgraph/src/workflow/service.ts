import {
  definePlugin,
  defineService,
  type Kernel,
  type Plugin,
  type PluginInput,
  type ServiceKey,
} from "@graphtap/kernel";
import type { Wrappable } from "../graph/wrap.js";
import type { RunContext } from "../hooks/context.js";
import type { NotRemote } from "../stack-types.js";
import type { AnyWorkflowSpec, Workflow, WorkflowIssue, WorkflowSpec } from "./spec.js";

/** What a plugin needs to make graphs of its own: the stack's way to make them, so that every hook applies. */
export interface Workflows {
  /** As `stack.createWorkflow`. */
  createWorkflow(spec: WorkflowSpec): Promise<Workflow>;
  /** As `stack.wrap`. */
  wrap<G extends Wrappable>(graph: G & NotRemote<G>): G;
  /** As `stack.validate`. */
  validate(spec: AnyWorkflowSpec): readonly WorkflowIssue[];
  /** The run that the calling code is part of; null outside of one, and after its end. Its `node` is known only while a hook of nodes is tapped. */
  currentRun(): RunContext | null;
}

/**
 * The stack's own service for plugins that make graphs; there without any plugin that provides it.
 *
 * @example
 * definePlugin({ name: "acme-x", version: "1.0.0", requires: [Workflows],
 *   setup(api) { const { createWorkflow } = api.get(Workflows); } });
 */
export const Workflows: ServiceKey<"workflows", Workflows> = defineService<Workflows>()("workflows");

/** The type of the plugin behind {@link Workflows}: to the compiler it is in every list. */
export type WorkflowsPlugin = Plugin<"workflows", never>;

const asks = (plugin: unknown): boolean => {
  const { requires, optional } = (plugin ?? {}) as { requires?: unknown; optional?: unknown };
  return [requires, optional].some(
    (keys) => Array.isArray(keys) && keys.some((key: { id?: unknown } | null) => key?.id === Workflows.id),
  );
};

/** Offers the service to whoever asks for it. A stack whose plugins do not is spared the plugin behind it. */
export class WorkflowsOffer {
  #offered = false;
  readonly #plugin: Plugin;

  constructor(service: Workflows) {
    this.#plugin = definePlugin({
      name: "graphtap-workflows",
      version: "0.0.0",
      identity: "none",
      provides: [Workflows],
      setup: (api) => api.provide(Workflows, service),
    })();
  }

  /** The plugin to add before `plugins`; nothing where none of them asks, or it is there already. */
  before(plugins: readonly unknown[]): readonly PluginInput[] {
    if (this.#offered || !plugins.some(asks)) return [];
    this.#offered = true;
    return [this.#plugin];
  }

  /** The same for a plugin that is added later. */
  join(kernel: Pick<Kernel, "use">, plugin: unknown): void {
    // What is wrong with the stack is told by the change that follows.
    for (const added of this.before([plugin])) kernel.use(added as Plugin).catch(() => undefined);
  }
}
