import { isPlainObject } from "../plain.js";
import { type CompiledCondition, ready, readCondition, throwIssues } from "./condition.js";
import { described, issue } from "./describe.js";
import { dataOf, type Parsed } from "./parse.js";
import { coveredBy } from "./reach.js";
import { isNamed, namedRules } from "./named.js";
import type { Condition, ConditionData, ConditionIssue, ConditionTest, ConditionTrace } from "./types.js";

/** One rule: where `when` holds, `use` is chosen. */
export interface Rule {
  /** Unique in its list; shown in decisions. */
  readonly name: string;
  readonly when: Condition;
  /** What is chosen. Default: the name. */
  readonly use?: string;
  /** Rules with a higher one are asked first; in the order of the list where it is the same. Default 0. */
  readonly priority?: number;
}

/**
 * The document's form: a test under the name of the key it looks at. The first that holds is chosen, in the order they are
 * written; the name is also what is chosen. A value that is no test means equality.
 *
 * @example { user_tier: { in: ["premium", "enterprise"] }, query_complexity: { min: 0.7, max: 1 }, has_images: true }
 */
export type NamedConditions = Readonly<Record<string, ConditionTest | ConditionData | Condition>>;

/** What `compileRules` takes. */
export interface RuleList {
  readonly rules: readonly Rule[] | NamedConditions;
  /** Chosen where no rule holds. Null: nothing is. A list of rules has to say one or the other. */
  readonly otherwise?: string | null | undefined;
  /** Everything that can be chosen; a rule that names something else is an issue. */
  readonly targets?: readonly string[] | undefined;
}

/** What was chosen. */
export interface Choice {
  /** The rule that held; null: none did. */
  readonly rule: string | null;
  readonly use: string | null;
}

/** How every rule was answered, in the order they are asked. */
export interface RuleTrace {
  readonly choice: Choice;
  readonly rules: readonly {
    readonly name: string;
    readonly use: string;
    readonly priority: number;
    readonly matched: boolean;
    readonly trace: ConditionTrace;
  }[];
}

/** Rules ready to be asked. */
export interface CompiledRules {
  choose(context: unknown): Choice;
  explain(context: unknown): RuleTrace;
  /** In the order they are asked. */
  readonly rules: readonly { readonly name: string; readonly use: string; readonly priority: number }[];
  readonly otherwise: string | null;
  /** The first keys of all paths they read. */
  readonly reads: readonly string[];
}

const MOST_RULES = 256;
const EXAMPLE = '{ name: "premium", when: { path: "user_tier", eq: "premium" }, use: "full" }';

interface Read {
  readonly name: string;
  readonly use: string;
  readonly priority: number;
  readonly parsed: Parsed;
  readonly at: string;
}

/** Everything that is wrong with a list of rules; empty when nothing is. Takes anything. */
export function validateRules(list: RuleList): readonly ConditionIssue[] {
  return read(list).issues;
}

/**
 * Checks rules and makes them ready.
 *
 * @throws ValuesError CONDITION_INVALID; `issuesOf(error)` lists all of it
 * @example
 * const rules = compileRules({ rules: [{ name: "hard", when: { path: "complexity", min: 0.7 }, use: "full" }], otherwise: "plain" });
 * rules.choose({ complexity: 0.8 }); // { rule: "hard", use: "full" }
 */
export function compileRules(list: RuleList): CompiledRules {
  const { rules, issues } = read(list);
  throwIssues(issues);
  const otherwise = list.otherwise ?? null;
  const compiled = rules.map(({ parsed, name, use, priority }) => ({
    rule: Object.freeze({ name, use, priority }),
    when: ready(parsed),
  }));
  const choiceOf = (found: { readonly rule: { readonly name: string; readonly use: string } } | undefined): Choice =>
    Object.freeze({ rule: found?.rule.name ?? null, use: found?.rule.use ?? otherwise });
  return Object.freeze({
    choose: (context: unknown) => choiceOf(compiled.find(({ when }) => when.matches(context))),
    explain(context: unknown) {
      const asked = compiled.map((one) => ({ ...one, trace: one.when.explain(context) }));
      return Object.freeze({
        choice: choiceOf(asked.find(({ trace }) => trace.result === "yes")),
        rules: asked.map(({ rule, trace }) => Object.freeze({ ...rule, matched: trace.result === "yes", trace })),
      });
    },
    rules: compiled.map(({ rule }) => rule),
    otherwise,
    reads: readsOf(compiled.map(({ when }) => when)),
  });
}

const readsOf = (conditions: readonly CompiledCondition[]): readonly string[] =>
  Object.freeze([...new Set(conditions.flatMap(({ reads }) => reads))]);

function read(all: RuleList): { readonly rules: readonly Read[]; readonly issues: readonly ConditionIssue[] } {
  // From untyped code it may be anything: then there is no list in it.
  const list = ((all as unknown) ?? {}) as RuleList;
  const issues: ConditionIssue[] = [];
  const named = isNamed(list.rules);
  const given = named ? namedRules(list.rules, issues) : list.rules;
  const rules = Array.isArray(given) ? readRules(given as readonly unknown[], named, issues) : [];
  if (!Array.isArray(given))
    issues.push(
      issue({
        code: "CONDITION_SHAPE",
        path: "$.rules",
        got: described(given),
        expected: "a list of rules",
        fix: `[${EXAMPLE}]`,
      }),
    );
  checkTargets(list, named, rules, issues);
  // The order in which they are asked: a stable sort keeps the list's own where priorities are the same.
  const ordered = rules.toSorted((a, b) => b.priority - a.priority);
  for (const [index, { parsed, name, at }] of ordered.entries()) {
    const by = coveredBy(
      parsed,
      ordered.slice(0, index).map((earlier) => earlier.parsed),
    );
    if (by !== null)
      issues.push(
        issue({
          code: "RULE_UNREACHABLE",
          path: at,
          got: `"${name}" behind "${ordered[by]?.name}", which takes all it could match`,
          expected: "a rule that can be reached",
          fix: `put it before "${ordered[by]?.name}", or give it a higher priority`,
        }),
      );
  }
  return { rules: ordered, issues };
}

function readRules(list: readonly unknown[], named: boolean, issues: ConditionIssue[]): Read[] {
  if (list.length === 0 || list.length > MOST_RULES)
    issues.push(
      issue({
        code: list.length === 0 ? "CONDITION_LIST_EMPTY" : "CONDITION_TOO_LARGE",
        path: "$.rules",
        got: described(list),
        expected: `1 to ${MOST_RULES} rules`,
        fix: `[${EXAMPLE}]`,
      }),
    );
  const names = new Set<string>();
  return list.slice(0, MOST_RULES).flatMap((input, index) => {
    const at = `$.rules[${index}]`;
    const data = dataOf(input, at, issues);
    if (data === null) return [];
    const rule = data.value;
    const wrong = (code: ConditionIssue["code"], key: string, got: unknown, expected: string, fix: string): void =>
      void issues.push(issue({ code, path: `${at}${key}`, got: described(got), expected, fix }));
    if (!isPlainObject(rule)) {
      wrong("CONDITION_SHAPE", "", rule, "a rule", EXAMPLE);
      return [];
    }
    const { name, when, use = name, priority = 0, ...rest } = rule;
    const [unknown] = Object.keys(rest);
    if (unknown !== undefined)
      wrong("CONDITION_SHAPE", `.${unknown.slice(0, 64)}`, rest[unknown], "name, when, use, priority", EXAMPLE);
    if (typeof name !== "string" || name === "" || name.length > 128)
      wrong("RULE_NAME", ".name", name, "a text of 1 to 128 characters", 'name: "premium"');
    else if (names.has(name)) wrong("RULE_NAME", ".name", name, "a name of its own", `name: "${name}-2"`);
    else names.add(name);
    if (typeof use !== "string") wrong("RULE_TARGET_MISSING", ".use", use, "the name of what is chosen", 'use: "full"');
    if (typeof priority !== "number" || !Number.isFinite(priority))
      wrong("RULE_PRIORITY", ".priority", priority, "a finite number", "priority: 10");
    const parsed = readCondition(when, named ? `$.rules.${String(name).slice(0, 64)}` : `${at}.when`, issues);
    if (parsed === null || typeof name !== "string" || typeof use !== "string" || typeof priority !== "number")
      return [];
    return [{ name, use, priority, parsed, at }];
  });
}

function checkTargets(
  { otherwise, targets }: RuleList,
  named: boolean,
  rules: readonly Read[],
  issues: ConditionIssue[],
): void {
  if (otherwise === undefined && !named)
    issues.push(
      issue({
        code: "RULE_DEFAULT_MISSING",
        path: "$.otherwise",
        got: "nothing",
        expected: "what is chosen where no rule holds, or null for nothing",
        fix: 'otherwise: "plain"',
      }),
    );
  if (targets === undefined) return;
  const known = `one of ${targets.slice(0, 16).join(", ") || "none"}`;
  const missing = (path: string, use: string): void =>
    void issues.push(
      issue({
        code: "RULE_TARGET_MISSING",
        path,
        got: described(use),
        expected: known,
        fix: "add it, or name one of those",
      }),
    );
  for (const { use, at } of rules) if (!targets.includes(use)) missing(`${at}.use`, use);
  if (typeof otherwise === "string" && !targets.includes(otherwise)) missing("$.otherwise", otherwise);
}
