import type { Core } from "../core.js";
import { bindingError } from "../errors.js";
import { isPregel } from "../graph/pregel.js";
import { hooks } from "../hooks/index.js";
import type { CreationContext, WorkflowDefinition } from "../hooks/workflow.js";
import { buildWorkflow, type Governors } from "./build.js";
import { described } from "./issue.js";
import { readySpec } from "./ready.js";
import type { ReadySpec } from "./spec.js";
import type { Workflow } from "./state.js";

/** What {@link createWorkflow} needs of a stack. */
export interface WorkflowParts extends Governors {
  readonly core: Core;
}

/**
 * Builds a workflow: a genuine compiled graph in which every model and tool is governed. Creation is not execution:
 * nobody runs it, so no identity is known here, also when it is called inside a run.
 *
 * @throws GraphTapError one error with every issue of the specification, WORKFLOW_COMPILE_INVALID, and what taps throw
 */
export async function createWorkflow(parts: WorkflowParts, spec: unknown): Promise<Workflow> {
  const ready = readySpec(spec);
  const { core } = parts;
  if (!core.kernel.isReady()) await core.kernel.ready();
  return core.frames.exit(() => created(parts, ready));
}

async function created(parts: WorkflowParts, spec: ReadySpec): Promise<Workflow> {
  const { core, graphs } = parts;
  const epoch = core.kernel.pin();
  try {
    const ctx: CreationContext = Object.freeze({ stack: core.name, clock: core.clock });
    const define = epoch.runner(hooks.workflow.define);
    const compile = epoch.runner(hooks.workflow.compile);
    let definition = definitionOf(spec);
    if (define.used) definition = checked(await define.call(definition, ctx));
    if (!compile.used) return buildWorkflow(parts, definition.spec);
    const { compiled } = await compile.call(definition, ctx, async (asked) => ({
      compiled: buildWorkflow(parts, checked(asked).spec),
    }));
    if (!isPregel(compiled))
      throw bindingError(
        "WORKFLOW_COMPILE_INVALID",
        `workflow "${definition.name}" was not compiled.`,
        `A workflow.compile tap answered with ${described(compiled)} instead of a compiled graph.`,
      );
    // An answer from elsewhere may be a graph that nobody has wrapped yet.
    return graphs.wrap(compiled) as Workflow;
  } finally {
    epoch.release();
  }
}

/** A definition whose specification is known to be right. */
interface Checked extends WorkflowDefinition {
  readonly spec: ReadySpec & WorkflowDefinition["spec"];
}

const made = new WeakSet<object>();

function definitionOf(spec: ReadySpec): Checked {
  made.add(spec);
  return Object.freeze({ name: spec.name, spec: spec as Checked["spec"] });
}

/** What a tap made of a definition passes the same checks as what a user wrote. */
function checked(definition: WorkflowDefinition): Checked {
  return made.has(definition.spec)
    ? (definition as Checked)
    : definitionOf(readySpec({ ...definition.spec, name: definition.name }));
}
