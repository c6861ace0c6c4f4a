import {
  compileCondition,
  type CompiledCondition,
  type CompiledRules,
  compileRules,
  type Condition,
} from "@graphtap/values";
import type { Composing } from "../composing.js";
import { type CompositionIssue, compositionInvalid } from "../errors.js";
import { isNodeName, NAME_RULE } from "../members/builder.js";
import { COMMON_KEYS, commonIssues, isRecord, ruleIssues, specIssues } from "../members/config.js";
import { type GraphLike, isGraph } from "../members/graph.js";
import { isDisjoint, Member, type Passages } from "../members/member.js";
import { anyRemembers, memberSpec, saverOf, SHARED } from "../members/spec.js";
import { compositeSchemas, type Schemas } from "../state.js";
import { described } from "../text.js";
import { MERGES } from "./merge.js";
import type { CompositeMember, CompositeWork, CompositeWorkflowConfig, ReadyComposite, ReadyMember } from "./config.js";

type Values = Readonly<Record<string, unknown>>;

/** Makes the graph of a composite that is a member itself. */
export type Nest = (ready: ReadyComposite) => Promise<GraphLike>;

const MEMBER_KEYS: readonly string[] = [
  "name",
  "workflow",
  "when",
  "timeoutMs",
  "onError",
  "fallback",
  "input",
  "output",
];
const KEYS: readonly string[] = [
  ...COMMON_KEYS,
  "workflows",
  "executionStrategy",
  "merges",
  "onError",
  "timeoutMs",
  "memberTimeoutMs",
  "maxConcurrency",
];
const STRATEGIES = ["sequential", "parallel", "conditional"];
const DEEPEST = 8;

/** @throws GraphTapError COMPOSITION_INVALID with every issue. */
export function readComposite(composing: Composing, config: CompositeWorkflowConfig, nest: Nest): ReadyComposite {
  const reader = new Reader(composing, nest);
  const ready = reader.composite(config, "", 1);
  if (ready === null || reader.issues.length > 0) throw compositionInvalid("createCompositeWorkflow", reader.issues);
  return ready;
}

class Reader {
  readonly issues: CompositionIssue[] = [];

  constructor(
    readonly composing: Composing,
    readonly nest: Nest,
  ) {}

  #wrong(path: string, got: unknown, expected: string, fix: string): null {
    this.issues.push({ path, got: described(got), expected, fix });
    return null;
  }

  composite(config: CompositeWorkflowConfig, at: string, depth: number): ReadyComposite | null {
    const { limits } = this.composing;
    const fix = "createCompositeWorkflow({ workflows: [first, second] })";
    if (!isRecord(config)) return this.#wrong(at || "config", config, "a configuration", fix);
    if (depth > DEEPEST) return this.#wrong(at, "more", `at most ${DEEPEST} composites in each other`, "fewer levels");
    const before = this.issues.length;
    const values = config as unknown as Values;
    this.issues.push(...commonIssues(values, KEYS).map((found) => ({ ...found, path: `${at}${found.path}` })));
    const { name = "composite", workflows, executionStrategy: strategy = "sequential", merges = {} } = config;
    if (!STRATEGIES.includes(strategy))
      this.#wrong(`${at}executionStrategy`, strategy, STRATEGIES.join(", "), 'executionStrategy: "sequential"');
    this.#policies(config, at);
    const schemas = this.#schemas(config, at);
    if (!Array.isArray(workflows) || workflows.length === 0 || workflows.length > limits.maxMembers)
      return this.#wrong(`${at}workflows`, workflows, `a list of 1 to ${limits.maxMembers} workflows`, fix);
    const entries = (workflows as readonly unknown[]).map((entry) => asMember(entry));
    const works = entries.flatMap(({ workflow, fallback }) => [workflow, fallback]);
    const kept = [values, ...works.map(memoryOf)];
    const remembers = config.enableMemory ?? anyRemembers(kept);
    const names = new Set<string>();
    const members = entries.map((entry, index) =>
      this.#member(entry, { at: `${at}workflows[${index}]`, index, names, config, schemas, remembers, name, depth }),
    );
    const rules = strategy === "conditional" ? this.#rules(members, entries, at) : null;
    if (this.issues.length > before || members.includes(null)) return null;
    return {
      name,
      description: config.description,
      strategy,
      members: members as readonly ReadyMember[],
      rules,
      merges,
      timeoutMs: config.timeoutMs ?? limits.timeoutMs ?? null,
      maxConcurrency: config.maxConcurrency ?? limits.maxConcurrency,
      facts: config,
      schemas,
      remembers,
      checkpointer: saverOf(kept),
      store: config.store,
    };
  }

  #schemas(config: CompositeWorkflowConfig, at: string): Schemas {
    const usable = !this.issues.some(({ path }) => path === `${at}state`);
    return compositeSchemas(usable ? config.state : undefined);
  }

  #policies(
    { timeoutMs, memberTimeoutMs, maxConcurrency, onError, merges = {} }: CompositeWorkflowConfig,
    at: string,
  ): void {
    for (const [key, value] of Object.entries({ timeoutMs, memberTimeoutMs, maxConcurrency }))
      if (value !== undefined && !isCount(value))
        this.#wrong(`${at}${key}`, value, "a whole number above 0", `${key}: 30000`);
    this.#onError(onError, at);
    if (!isRecord(merges)) {
      this.#wrong(`${at}merges`, merges, "a merge per channel", 'merges: { score: "last" }');
      return;
    }
    for (const [channel, merge] of Object.entries(merges))
      if (typeof merge !== "function" && !MERGES.includes(merge))
        this.#wrong(
          `${at}merges.${channel}`,
          merge,
          `${MERGES.join(", ")}, or a function`,
          `merges: { ${channel}: "last" }`,
        );
  }

  #onError(value: unknown, at: string): void {
    if (value !== undefined && value !== "failFast" && value !== "continue")
      this.#wrong(`${at}onError`, value, "failFast or continue", 'onError: "continue"');
  }

  #member(entry: CompositeMember, where: Where): ReadyMember | null {
    const { at, index, names, config } = where;
    const before = this.issues.length;
    for (const key of Object.keys(entry))
      if (!MEMBER_KEYS.includes(key))
        this.#wrong(
          `${at}.${key.slice(0, 64)}`,
          "an unknown key",
          `one of ${MEMBER_KEYS.join(", ")}`,
          `leave ${key.slice(0, 64)} out`,
        );
    const name = entry.name ?? nameOf(entry.workflow, names) ?? `member_${index + 1}`;
    if (!isNodeName(name) || names.has(name))
      this.#wrong(`${at}.name`, name, `a name of its own, ${NAME_RULE}`, `name: "member_${index + 1}"`);
    names.add(name);
    this.#onError(entry.onError, `${at}.`);
    if (entry.timeoutMs !== undefined && !isCount(entry.timeoutMs))
      this.#wrong(`${at}.timeoutMs`, entry.timeoutMs, "a whole number above 0", "timeoutMs: 30000");
    for (const key of ["input", "output"] as const)
      if (entry[key] !== undefined && typeof entry[key] !== "function")
        this.#wrong(`${at}.${key}`, entry[key], "a function", `${key}: (state) => ({ ... })`);
    const passages = { input: entry.input, output: entry.output };
    const member = this.#work(entry.workflow, name, `${at}.workflow`, passages, where);
    const fallback =
      entry.fallback === undefined
        ? null
        : this.#work(entry.fallback, `${name}.fallback`, `${at}.fallback`, passages, where);
    const when = entry.when === undefined ? null : this.#when(entry.when, `${at}.when`);
    if (this.issues.length > before || member === null) return null;
    return {
      index,
      name,
      member,
      fallback,
      when,
      timeoutMs: entry.timeoutMs ?? config.memberTimeoutMs ?? this.composing.limits.memberTimeoutMs ?? null,
      failsAlone: (entry.onError ?? config.onError) === "continue",
    };
  }

  #work(work: unknown, name: string, at: string, passages: Passages, where: Where): Member | null {
    const { workflows } = this.composing;
    const { schemas, config, remembers, depth } = where;
    if (isGraph(work)) {
      if (isDisjoint(work, schemas.channels, passages))
        return this.#wrong(
          at,
          "a graph that shares no channel",
          `one of ${schemas.channels.join(", ")}, or input and output`,
          "input: (state) => ({ ... }), output: (result) => ({ ... })",
        );
      return new Member(name, async () => workflows.wrap(work as never) as unknown as GraphLike, passages);
    }
    if (!isRecord(work))
      return this.#wrong(at, work, "a compiled graph, a specification or a composite", "workflow: graph");
    const shared = config as unknown as Values;
    if ("workflows" in work) {
      const inherited = Object.fromEntries(
        SHARED.filter((key) => shared[key] !== undefined).map((key) => [key, shared[key]]),
      );
      const facts = { context: config.context, facts: config.facts, untrusted: config.untrusted };
      // Without its channels, what members write into them would end at the nested composite, without a word.
      const { state } = config;
      const nested = this.composite(
        { name: `${where.name}.${name}`, ...inherited, ...facts, state, ...work } as unknown as CompositeWorkflowConfig,
        `${at}.`,
        depth + 1,
      );
      return nested === null ? null : new Member(name, () => this.nest(nested), passages);
    }
    const spec = memberSpec(`${where.name}.${name}`, shared, work, remembers);
    const found = specIssues(at, workflows.validate(spec));
    this.issues.push(...found);
    return found.length > 0
      ? null
      : new Member(name, () => workflows.createWorkflow(spec) as Promise<unknown> as Promise<GraphLike>, passages);
  }

  #when(condition: Condition, at: string): CompiledCondition | null {
    try {
      return compileCondition(condition);
    } catch (error) {
      this.issues.push(...ruleIssues(error, at));
      return null;
    }
  }

  /** The first member whose condition holds, or the one without. */
  #rules(
    members: readonly (ReadyMember | null)[],
    entries: readonly CompositeMember[],
    at: string,
  ): CompiledRules | null {
    if (members.includes(null)) return null;
    const named = members as readonly ReadyMember[];
    const defaults = named.filter(({ when }) => when === null);
    if (defaults.length > 1 || defaults.length === named.length)
      return this.#wrong(
        `${at}workflows`,
        `${defaults.length} members without a condition`,
        "a when for each member but one, the default",
        'when: { path: "user_tier", eq: "premium" }',
      );
    const rules = named.flatMap(({ name, index }) => {
      const when = entries[index]?.when;
      return when === undefined ? [] : [{ name, when }];
    });
    try {
      return compileRules({ rules, otherwise: defaults[0]?.name ?? null });
    } catch (error) {
      this.issues.push(...ruleIssues(error, `${at}workflows`));
      return null;
    }
  }
}

interface Where {
  readonly at: string;
  readonly index: number;
  readonly names: Set<string>;
  readonly config: CompositeWorkflowConfig;
  readonly schemas: Schemas;
  readonly remembers: boolean;
  readonly name: string;
  readonly depth: number;
}

const isCount = (value: unknown): boolean => typeof value === "number" && Number.isSafeInteger(value) && value > 0;

/** The document's form is a list of workflows; ours may say more about each. */
const asMember = (entry: unknown): CompositeMember =>
  isRecord(entry) && !isGraph(entry) && "workflow" in entry
    ? (entry as unknown as CompositeMember)
    : { workflow: entry as CompositeWork };

/** A graph that has a name of its own, unless it is taken: one workflow may be a member twice. */
function nameOf(work: unknown, taken: ReadonlySet<string>): string | null {
  const name = isGraph(work) ? work.getName() : isRecord(work) ? work["name"] : null;
  return isNodeName(name) && name !== "LangGraph" && name !== "workflow" && !taken.has(name) ? name : null;
}

/** What a member says about memory: its specification, or the checkpointer of a graph. */
function memoryOf(work: unknown): Values {
  if (isGraph(work)) return isRecord(work.checkpointer) ? { checkpointer: work.checkpointer } : {};
  if (!isRecord(work)) return {};
  return Array.isArray(work["workflows"])
    ? {
        enableMemory: anyRemembers([
          work,
          ...work["workflows"].map((entry: unknown) => memoryOf(asMember(entry).workflow)),
        ]),
      }
    : work;
}
