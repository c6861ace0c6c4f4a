import { isPlainObject } from "../plain.js";
import { described, issue } from "./describe.js";
import type { ConditionIssue } from "./types.js";

/** Whether conditions come in the document's form: by name, and not as a list. */
export const isNamed = (rules: unknown): rules is Readonly<Record<string, unknown>> => isPlainObject(rules);

/** An engine lists such keys first, whatever the order they were written in. */
const isIndex = (name: string): boolean => /^(?:0|[1-9]\d{0,9})$/.test(name);

const isGroup = (test: Readonly<Record<string, unknown>>): boolean =>
  ["all", "any", "not", "path"].some((key) => Object.hasOwn(test, key));

/** The document's form as a list of rules, in the order in which it was written. */
export function namedRules(
  conditions: Readonly<Record<string, unknown>>,
  issues: ConditionIssue[],
): readonly unknown[] {
  const names = Object.keys(conditions);
  const numbered = names.filter(isIndex);
  if (numbered.length > 0 && names.length > 1)
    issues.push(
      issue({
        code: "RULE_ORDER",
        path: "$.rules",
        got: `names that are numbers: ${described(numbered)}`,
        expected: "an order that the engine keeps, as the first that holds is chosen",
        fix: `[{ name: "${numbered[0]}", when: { path: "${numbered[0]}", eq: true } }, ...]`,
      }),
    );
  return names.map((name) => {
    const property = Object.getOwnPropertyDescriptor(conditions, name);
    return {
      name,
      when: conditionOf(name, property !== undefined && "value" in property ? property.value : undefined),
    };
  });
}

function conditionOf(name: string, test: unknown): unknown {
  if (!isPlainObject(test)) return { path: name, eq: test };
  return isGroup(test) ? test : { ...test, path: name };
}
