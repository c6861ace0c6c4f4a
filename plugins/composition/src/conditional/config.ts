import { type CompiledRules, compileRules, type NamedConditions, type Rule } from "@graphtap/values";
import type { StateDefinition } from "@langchain/langgraph";
import type { Composing } from "../composing.js";
import { type CompositionIssue, compositionInvalid } from "../errors.js";
import { isNodeName, NAME_RULE } from "../members/builder.js";
import {
  type ComposedConfig,
  COMMON_KEYS,
  commonIssues,
  isRecord,
  type MemberSpec,
  ruleIssues,
  specIssues,
} from "../members/config.js";
import { type AnyGraph, type GraphLike, isGraph } from "../members/graph.js";
import { isDisjoint, Member } from "../members/member.js";
import { anyRemembers, memberSpec, saverOf } from "../members/spec.js";
import { conditionalSchemas, type Schemas } from "../state.js";
import { described } from "../text.js";

type Values = Readonly<Record<string, unknown>>;

/** What a rule may choose: the parts of a workflow that are not inherited, or any compiled graph, composites included. */
export type ConditionalMember = (MemberSpec & { readonly key?: string | undefined }) | AnyGraph;

/**
 * A workflow that chooses, per run, one of several by rules.
 *
 * `conditions` is a list of rules (asked by priority, then in order) or the document's form: a test per key, asked in the
 * order they are written, where the key is also the name of the configuration. `workflowConfigs` are what they choose.
 */
export interface ConditionalWorkflowConfig<
  Spec extends StateDefinition = StateDefinition,
> extends ComposedConfig<Spec> {
  readonly conditions: readonly Rule[] | NamedConditions;
  readonly workflowConfigs: Readonly<Record<string, ConditionalMember>>;
  /** What runs where no rule holds; null: the run fails with NO_MATCH. Default: the configuration named `default`, or the one that its `key` names. */
  readonly otherwise?: string | null | undefined;
}

/** A configuration that was found right. */
export interface ReadyConditional {
  readonly name: string;
  readonly description: string | undefined;
  readonly rules: CompiledRules;
  readonly members: ReadonlyMap<string, Member>;
  readonly facts: ComposedConfig;
  readonly schemas: Schemas;
  readonly remembers: boolean;
  readonly checkpointer: unknown;
  readonly store: unknown;
}

const KEYS: readonly string[] = [...COMMON_KEYS, "conditions", "workflowConfigs", "otherwise"];

/** @throws GraphTapError COMPOSITION_INVALID with every issue. */
export function readConditional(
  { workflows }: Composing,
  config: ConditionalWorkflowConfig,
  method = "createConditionalWorkflow",
): ReadyConditional {
  if (!isRecord(config))
    throw compositionInvalid(method, [
      {
        path: "config",
        got: described(config),
        expected: "a configuration",
        fix: `${method}({ llm, conditions, workflowConfigs })`,
      },
    ]);
  const issues = commonIssues(config as unknown as Values, KEYS);
  const { name = "conditional", workflowConfigs } = config;
  const targets = isRecord(workflowConfigs) ? Object.keys(workflowConfigs) : [];
  if (targets.length === 0)
    issues.push({
      path: "workflowConfigs",
      got: described(workflowConfigs),
      expected: "a configuration for each name that a rule chooses",
      fix: 'workflowConfigs: { user_tier: { mode: "full" }, default: { mode: "plain" } }',
    });
  const rules = rulesOf(config, targets, issues);
  const entries = targets.map((target) => [target, workflowConfigs[target]] as const);
  const specs = entries.flatMap(([, entry]) => (isRecord(entry) && !isGraph(entry) ? [entry as Values] : []));
  const kept = [
    config as unknown as Values,
    ...specs,
    ...entries.flatMap(([, entry]) => (isGraph(entry) ? [saverIn(entry)] : [])),
  ];
  const remembers = config.enableMemory ?? anyRemembers(kept);
  const more = issues.some(({ path }) => path === "state") ? undefined : config.state;
  const schemas = conditionalSchemas(more);
  const members = new Map<string, Member>();
  for (const [target, entry] of entries) {
    const path = `workflowConfigs.${target}`;
    const made = memberOf(workflows, { target, entry, path, name, config, remembers, schemas }, issues);
    if (made !== null) members.set(target, made);
  }
  if (issues.length > 0 || rules === null) throw compositionInvalid(method, issues);
  const { description, store } = config;
  return { name, description, rules, members, facts: config, schemas, remembers, checkpointer: saverOf(kept), store };
}

/** A graph that keeps conversations wants the same of what it becomes part of. */
const saverIn = ({ checkpointer }: GraphLike): Values =>
  typeof checkpointer === "object" && checkpointer !== null ? { checkpointer } : {};

interface Entry {
  readonly target: string;
  readonly entry: unknown;
  readonly path: string;
  readonly name: string;
  readonly config: ConditionalWorkflowConfig;
  readonly remembers: boolean;
  readonly schemas: Schemas;
}

function memberOf(
  workflows: Composing["workflows"],
  { target, entry, path, name, config, remembers, schemas }: Entry,
  issues: CompositionIssue[],
): Member | null {
  const wrong = (got: string, expected: string, fix: string): null => {
    issues.push({ path, got, expected, fix });
    return null;
  };
  if (!isNodeName(target)) return wrong(described(target), `a name of ${NAME_RULE}`, "rename it");
  if (isGraph(entry)) {
    if (isDisjoint(entry, schemas.channels, {}))
      return wrong(
        "a graph without any of these channels",
        `a graph that shares one of ${schemas.channels.join(", ")}`,
        "state: Annotation.Root({ ... }) with the graph's own channels",
      );
    return new Member(target, async () => workflows.wrap(entry as never) as unknown as GraphLike);
  }
  if (!isRecord(entry)) return wrong(described(entry), "a configuration or a compiled graph", `{ mode: "plain" }`);
  const { key: _key, ...own } = entry as Values;
  if (target !== "default" && _key !== undefined)
    return wrong("a key", "key in the configuration named default only", "leave key out");
  const spec = memberSpec(`${name}.${target}`, config as unknown as Values, own, remembers);
  const found = specIssues(path, workflows.validate(spec));
  issues.push(...found);
  return found.length > 0
    ? null
    : new Member(target, () => workflows.createWorkflow(spec) as Promise<unknown> as Promise<GraphLike>);
}

function rulesOf(
  config: ConditionalWorkflowConfig,
  targets: readonly string[],
  issues: CompositionIssue[],
): CompiledRules | null {
  const fallback = targets.includes("default") ? config.workflowConfigs["default"] : undefined;
  const named =
    isRecord(fallback) && !isGraph(fallback) ? ((fallback as Values)["key"] as string | undefined) : undefined;
  const otherwise =
    config.otherwise !== undefined ? config.otherwise : fallback === undefined ? undefined : (named ?? "default");
  try {
    return compileRules({ rules: config.conditions, otherwise, targets });
  } catch (error) {
    issues.push(...ruleIssues(error, "conditions"));
    return null;
  }
}
