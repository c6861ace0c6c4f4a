/** Plain data as JSON has it. */
export type ConditionData =
  | string
  | number
  | boolean
  | null
  | readonly ConditionData[]
  | { readonly [key: string]: ConditionData };

/** A bound of a comparison: numbers are compared with numbers, texts with texts by code unit. */
export type ConditionBound = number | string;

/** What one value is tested for. Several operators in one test must all hold. */
export interface ConditionTest {
  /** The same data, at every depth. */
  readonly eq?: ConditionData;
  readonly ne?: ConditionData;
  /** One of these; a list, never a text to search in. */
  readonly in?: readonly ConditionData[];
  readonly notIn?: readonly ConditionData[];
  readonly lt?: ConditionBound;
  readonly lte?: ConditionBound;
  readonly gt?: ConditionBound;
  readonly gte?: ConditionBound;
  /** Both ends included. */
  readonly between?: readonly [ConditionBound, ConditionBound];
  /** As `gte`; with `max` the range of the document's form, both ends included. */
  readonly min?: ConditionBound;
  /** As `lte`. */
  readonly max?: ConditionBound;
  /** Whether there is a value at all; null is one. */
  readonly exists?: boolean;
  /** A text that holds this text, or a list that holds this element. */
  readonly contains?: ConditionData;
  readonly startsWith?: string;
  readonly endsWith?: string;
  /** Globs (`*` any text, `?` one character); with a list, one of them. */
  readonly matches?: string | readonly string[];
}

/**
 * A condition as data. `path` is dotted (`user.tier`, `roles.0`), or a list of keys where a key holds a dot.
 *
 * @example
 * const premium: Condition = { all: [
 *   { path: "user_tier", in: ["premium", "enterprise"] },
 *   { not: { path: "query_complexity", lt: 0.7 } },
 * ] };
 */
export type Condition =
  | { readonly all: readonly Condition[] }
  | { readonly any: readonly Condition[] }
  | { readonly not: Condition }
  | (ConditionTest & { readonly path: string | readonly string[] });

/** `unknown`: a value was missing, of another type, or too large to look at. It counts as no match, also under `not`. */
export type ConditionResult = "yes" | "no" | "unknown";

/** Why a test could not be answered. */
export type ConditionProblem = "missing" | "type" | "limit";

/** How one part of a condition was answered. */
export interface ConditionTrace {
  readonly kind: "all" | "any" | "not" | "test";
  readonly result: ConditionResult;
  /** Of a test: where it looked, what for, and what it found, described in a few words. */
  readonly path: string | null;
  readonly op: string | null;
  readonly expected: string | null;
  readonly got: string | null;
  readonly problem: ConditionProblem | null;
  readonly parts: readonly ConditionTrace[];
  /** All of it as text, one line per part. */
  toString(): string;
}

/** One thing that is wrong with a condition or a list of rules. */
export interface ConditionIssue {
  readonly code: ConditionIssueCode;
  /** Where: `$.rules[1].when.all[0].min`. */
  readonly path: string;
  /** What was found, described and never quoted at length. */
  readonly got: string;
  readonly expected: string;
  /** What to write instead. */
  readonly fix: string;
  /** All of it in one sentence. */
  readonly message: string;
}

export type ConditionIssueCode =
  | "CONDITION_CONTRADICTION"
  | "CONDITION_LIST_EMPTY"
  | "CONDITION_OPERAND"
  | "CONDITION_OPERATOR_UNKNOWN"
  | "CONDITION_PATH"
  | "CONDITION_RANGE_EMPTY"
  | "CONDITION_SHAPE"
  | "CONDITION_TOO_LARGE"
  | "RULE_DEFAULT_MISSING"
  | "RULE_NAME"
  | "RULE_ORDER"
  | "RULE_PRIORITY"
  | "RULE_TARGET_MISSING"
  | "RULE_UNREACHABLE";
