import { isPlainObject } from "../plain.js";
import { walk } from "../walk.js";
import { described, issue } from "./describe.js";
import { isBound } from "./operators.js";
import type { ConditionIssue, ConditionIssueCode } from "./types.js";

const MOST_ITEMS = 1_000;
const LONGEST_TEXT = 4_096;
const LONGEST_GLOB = 256;

type Report = (code: ConditionIssueCode, expected: string, fix: string) => void;
type Rule = (operand: unknown, report: Report, op: string) => void;

/** JSON data: conditions are stored and sent. Walked, for data may share parts so often that counting them takes for ever. */
function isData(value: unknown): boolean {
  let data = true;
  const { complete } = walk(value, (part) => {
    data &&=
      part === null ||
      typeof part === "boolean" ||
      (typeof part === "number" && Number.isFinite(part)) ||
      (typeof part === "string" && part.length <= LONGEST_TEXT) ||
      Array.isArray(part) ||
      isPlainObject(part);
    return data ? undefined : "stop";
  });
  return complete && data;
}

const data: Rule = (operand, report, op) => {
  if (!isData(operand))
    report("CONDITION_OPERAND", "plain data (text, finite number, boolean, null, list, object)", `${op}: "premium"`);
};

const list: Rule = (operand, report, op) => {
  const fix = `${op}: ["premium", "enterprise"]`;
  if (!Array.isArray(operand)) report("CONDITION_OPERAND", "a list", fix);
  else if (operand.length === 0) report("CONDITION_LIST_EMPTY", "a list with at least one element", fix);
  else if (operand.length > MOST_ITEMS) report("CONDITION_TOO_LARGE", `at most ${MOST_ITEMS} elements`, fix);
  else if (!operand.every(isData)) report("CONDITION_OPERAND", "a list of plain data", fix);
};

const bound: Rule = (operand, report, op) => {
  if (!isBound(operand)) report("CONDITION_OPERAND", "a finite number or a text", `${op}: 0.7`);
};

const between: Rule = (operand, report) => {
  const fix = "between: [0.7, 1]";
  if (
    !Array.isArray(operand) ||
    operand.length !== 2 ||
    !operand.every(isBound) ||
    typeof operand[0] !== typeof operand[1]
  )
    report("CONDITION_OPERAND", "two numbers or two texts, the lower first", fix);
  else if ((operand[0] as number) > (operand[1] as number)) report("CONDITION_RANGE_EMPTY", "the lower end first", fix);
};

const text: Rule = (operand, report, op) => {
  if (typeof operand !== "string" || operand === "" || operand.length > LONGEST_TEXT)
    report("CONDITION_OPERAND", `a text of 1 to ${LONGEST_TEXT} characters`, `${op}: "help"`);
};

const globs: Rule = (operand, report) => {
  const patterns: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  const fix = 'matches: "invoice-*"';
  if (patterns.length === 0) report("CONDITION_LIST_EMPTY", "at least one glob", fix);
  else if (
    patterns.length > 32 ||
    !patterns.every((glob) => typeof glob === "string" && glob !== "" && glob.length <= LONGEST_GLOB)
  )
    report("CONDITION_OPERAND", `a glob, or up to 32 of them, each of 1 to ${LONGEST_GLOB} characters`, fix);
};

const RULES: Readonly<Record<string, Rule>> = Object.freeze({
  eq: data,
  ne: data,
  in: list,
  notIn: list,
  lt: bound,
  lte: bound,
  gt: bound,
  gte: bound,
  min: bound,
  max: bound,
  between,
  exists: (operand, report) => {
    if (typeof operand !== "boolean") report("CONDITION_OPERAND", "true or false", "exists: true");
  },
  contains: data,
  startsWith: text,
  endsWith: text,
  matches: globs,
} satisfies Record<string, Rule>);

/** What is wrong with the operand of a known operator. */
export function operandIssues(op: string, operand: unknown, path: string): readonly ConditionIssue[] {
  const found: ConditionIssue[] = [];
  RULES[op]?.(
    operand,
    (code, expected, fix) => void found.push(issue({ code, path, got: described(operand), expected, fix })),
    op,
  );
  return found;
}
