import type { Workflow } from "@graphtap/langgraph";
import { compileRules, type RuleTrace } from "@graphtap/values";
import type { CompiledStateGraph, StateDefinition, StateType, UpdateType } from "@langchain/langgraph";
import type { Composing } from "./composing.js";
import type { CompositeWorkflowConfig, ReadyComposite } from "./composite/config.js";
import { readComposite } from "./composite/read.js";
import { type CompositeExecution, executeComposite } from "./composite/execute.js";
import { compositeGraph } from "./composite/graph.js";
import { type ConditionalWorkflowConfig, readConditional, type ReadyConditional } from "./conditional/config.js";
import { conditionalGraph } from "./conditional/graph.js";
import { compositeUnknown, compositionInvalid, nothingToExplain } from "./errors.js";
import type { ComposedConfig } from "./members/config.js";
import { type Config, type GraphLike, isGraph } from "./members/graph.js";
import { streamingMembers } from "./members/streaming.js";
import type { CompositeSpec, ConversationSpec } from "./state.js";
import { BUILT_IN } from "./templates/builtin.js";
import { type TemplateWorkflow, WorkflowTemplates } from "./templates/registry.js";
import { described } from "./text.js";

type Composed<Spec extends StateDefinition> = CompiledStateGraph<StateType<Spec>, UpdateType<Spec>, string, Spec, Spec>;
/** A workflow that chooses another per run: a compiled graph like any other. */
export type ConditionalWorkflow<More extends StateDefinition = {}> = Composed<ConversationSpec & More>;
/** Several workflows as one compiled graph; `outcomes` in its state says how each ended. */
export type CompositeWorkflow<More extends StateDefinition = {}> = Composed<CompositeSpec & More>;

/** What `createWorkflowFromTemplate` takes: the template, and what it leaves to its user. */
export interface TemplateUse extends ComposedConfig {
  readonly template: string;
  /** Default: the newest. */
  readonly version?: string | undefined;
  /** Changes single workflows of the template, by name. */
  readonly overrides?: Readonly<Record<string, TemplateWorkflow>> | undefined;
}

/** What LangGraph takes to run a composite; `stack.as(...)` gives one. */
export type RunOptions = Config | { readonly configurable?: Record<string, unknown> };

/**
 * Conditional and composite workflows of a stack, as `stack.get(composition)`. What it makes are wrapped graphs: every
 * hook of the stack applies to them and to what they are made of, and nobody's identity is in them.
 */
export class AdvancedWorkflowManager {
  /** Conditional configurations under a name. */
  readonly templates: WorkflowTemplates;
  readonly #composing: Composing;
  readonly #conditionals = new WeakMap<object, ReadyConditional>();
  readonly #composites = new WeakMap<object, ReadyComposite>();
  /** Composites made of a configuration by executing it. */
  readonly #made = new WeakMap<object, Promise<GraphLike>>();

  constructor(composing: Composing) {
    this.#composing = composing;
    this.templates = new WorkflowTemplates(composing.limits.maxTemplates);
    for (const template of BUILT_IN) this.templates.register(template);
  }

  /**
   * A workflow that chooses one of several per run, by rules on what is known of that run.
   *
   * @throws GraphTapError COMPOSITION_INVALID with every issue; a run in which nothing is chosen throws NoMatchError
   * @example
   * const desk = await stack.get(composition).createConditionalWorkflow({
   *   llm, tools, retriever,
   *   conditions: { user_tier: { in: ["premium", "enterprise"] } },
   *   workflowConfigs: { user_tier: { mode: "full", enableMemory: true }, default: { mode: "plain" } },
   * });
   * await desk.invoke(input, stack.as({ userId: "alice", user_tier: "premium", conversationId: "c-1" }));
   */
  createConditionalWorkflow<More extends StateDefinition = {}>(
    config: ConditionalWorkflowConfig<More>,
  ): Promise<ConditionalWorkflow<More>> {
    return this.#conditional(config, "createConditionalWorkflow") as Promise<unknown> as Promise<
      ConditionalWorkflow<More>
    >;
  }

  async #conditional(config: ConditionalWorkflowConfig, method: string): Promise<ConditionalWorkflow> {
    const ready = readConditional(this.#composing, config, method);
    const graph = this.#wrap(conditionalGraph(this.#composing, ready));
    this.#conditionals.set(graph, ready);
    return graph as unknown as ConditionalWorkflow;
  }

  /**
   * Several workflows as one: one after the other, side by side, or one of them. Itself a workflow, so that it can be
   * streamed, interrupted, resumed, and a member of another.
   *
   * @throws GraphTapError COMPOSITION_INVALID with every issue; its runs MEMBER_FAILED, MEMBER_TIMEOUT, COMPOSITE_TIMEOUT,
   * MERGE_CONFLICT, NoMatchError
   * @example
   * const report = await stack.get(composition).createCompositeWorkflow({
   *   llm, executionStrategy: "sequential",
   *   workflows: [{ mode: "plain", systemMessage: "Draft." }, { mode: "plain", systemMessage: "Correct it." }],
   * });
   */
  async createCompositeWorkflow<More extends StateDefinition = {}>(
    config: CompositeWorkflowConfig<More>,
  ): Promise<CompositeWorkflow<More>> {
    const ready = readComposite(this.#composing, config, (nested) => this.#composite(nested));
    return (await this.#composite(ready)) as unknown as CompositeWorkflow<More>;
  }

  async #composite(ready: ReadyComposite): Promise<GraphLike> {
    const graph = this.#wrap(await compositeGraph(this.#composing, ready));
    this.#composites.set(graph, ready);
    return graph;
  }

  /**
   * Runs a composite once and says what each member did.
   *
   * @param config a composite of `createCompositeWorkflow`, or a configuration, which is made into one at the first call
   * @param runConfig who runs it, in which conversation: `stack.as({ userId, conversationId })`
   */
  async executeCompositeWorkflow(
    config: CompositeWorkflow | CompositeWorkflowConfig,
    initialState: unknown,
    runConfig: RunOptions = {},
  ): Promise<CompositeExecution> {
    const graph = await this.#executable(config);
    const ready = this.#composites.get(graph);
    if (ready === undefined) throw compositeUnknown("a graph that is no composite of this stack, or a copy of one");
    return executeComposite(graph, ready, initialState, runConfig as Config, (nested) => this.#composites.get(nested));
  }

  #executable(config: unknown): Promise<GraphLike> {
    if (isGraph(config)) return Promise.resolve(config);
    if (typeof config !== "object" || config === null) throw compositeUnknown(described(config));
    const known = this.#made.get(config);
    if (known !== undefined) return known;
    const made = this.createCompositeWorkflow(
      config as CompositeWorkflowConfig,
    ) as Promise<unknown> as Promise<GraphLike>;
    this.#made.set(config, made);
    // A configuration that was corrected in place is tried again.
    made.catch(() => this.#made.delete(config));
    return made;
  }

  /**
   * A conditional workflow from a template: the rules and modes are the template's, models, tools and retrievers yours.
   *
   * @throws GraphTapError TEMPLATE_UNKNOWN, COMPOSITION_INVALID
   * @example await manager.createWorkflowFromTemplate({ template: "adaptive_support", llm, tools, retriever });
   */
  async createWorkflowFromTemplate(use: TemplateUse): Promise<ConditionalWorkflow> {
    if (typeof use !== "object" || use === null) {
      const fix = '{ template: "customer_support", llm }';
      const issue = { path: "options", got: described(use), expected: "an object", fix };
      throw compositionInvalid("createWorkflowFromTemplate", [issue]);
    }
    const { template: name, version, overrides = {}, ...rest } = use;
    const template = this.templates.get(name, version);
    const { conditions, otherwise, untrusted, workflowConfigs } = template;
    const merged = Object.fromEntries(
      Object.keys({ ...workflowConfigs, ...overrides }).map((key) => [
        key,
        { ...workflowConfigs[key], ...overrides[key] },
      ]),
    );
    const config = { name, description: template.description, untrusted, ...defined(rest) };
    const chosen = otherwise === undefined ? {} : { otherwise };
    return this.#conditional(
      { ...config, ...chosen, conditions, workflowConfigs: merged },
      "createWorkflowFromTemplate",
    );
  }

  /**
   * How each rule answers to a context, without running anything: of a conditional workflow, of a composite with strategy
   * `conditional`, or of a configuration.
   *
   * @param context what rules read, flat: `{ user_tier: "premium", query_complexity: 0.8 }`
   */
  explain(
    workflow:
      | Workflow
      | ConditionalWorkflow
      | CompositeWorkflow
      | Pick<ConditionalWorkflowConfig, "conditions" | "otherwise">,
    context: Readonly<Record<string, unknown>>,
  ): RuleTrace {
    if (typeof workflow !== "object" || workflow === null) throw nothingToExplain(described(workflow));
    const rules = this.#conditionals.get(workflow)?.rules ?? this.#composites.get(workflow)?.rules;
    if (rules !== undefined && rules !== null) return rules.explain(context);
    if (!("conditions" in workflow)) throw nothingToExplain("a workflow that has no rules");
    return compileRules({ rules: workflow.conditions, otherwise: workflow.otherwise ?? null }).explain(context);
  }

  #wrap(graph: GraphLike): GraphLike {
    return this.#composing.workflows.wrap(streamingMembers(graph) as never) as unknown as GraphLike;
  }
}

const defined = (values: object): object =>
  Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
