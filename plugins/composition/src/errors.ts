import { type CatalogEntry, GraphTapError } from "@graphtap/kernel";
import type { RuleTrace } from "@graphtap/values";
import { summaryOf } from "./text.js";

const entries = {
  COMPOSITE_TIMEOUT: {
    title: "A composite took longer than it may",
    why: "timeoutMs is for all members together; what ran was aborted.",
    do: "Raise timeoutMs, or give slow members a timeoutMs of their own with onError continue or a fallback.",
  },
  COMPOSITE_UNKNOWN: {
    title: "executeCompositeWorkflow() was given no composite",
    why: "It takes what createCompositeWorkflow() of the same stack returned, or a configuration for it.",
    do: 'executeCompositeWorkflow({ workflows: [first, second], executionStrategy: "sequential" }, state, stack.as(user))',
  },
  COMPOSITION_INVALID: {
    title: "A conditional or composite workflow is configured wrong",
    why: "A key is unknown or of the wrong type, a rule cannot be used, names a workflow that is not there or can never be reached, or members share no state.",
    do: "error.details.issues lists each with its path, what was found, what is expected, and what to write instead.",
  },
  MEMBER_FAILED: {
    title: "A member of a composite failed, and the composite with it",
    why: "Its error is the cause; members at work beside it were aborted, and later ones did not begin.",
    do: 'Let it fail alone with onError: "continue", or give it a fallback.',
  },
  MEMBER_TIMEOUT: {
    title: "A member of a composite took longer than it may",
    why: "timeoutMs of the member, or memberTimeoutMs of the composite, ended; the member was aborted.",
    do: "Raise it, or give the member a fallback.",
  },
  MERGE_CONFLICT: {
    title: "Members that ran side by side changed the same state in different ways",
    why: "No merge is declared for the channel, and choosing one silently would lose the others.",
    do: 'merges: { channel: "last" } (by declared order), "first", "append", "union", or a function.',
    example: 'createCompositeWorkflow({ executionStrategy: "parallel", workflows, merges: { score: "last" } });',
  },
  NOT_CHOSEN: {
    title: "A run was sent to a member of a composed workflow",
    why: "A Command with goto was sent from outside, or a state update named the workflow: neither decides who gets what.",
    do: "Send input, and let the rules choose. Never pass a client's command on.",
  },
  NO_MATCH: {
    title: "No rule of a conditional workflow holds, and there is no default",
    why: "The error lists each rule and why it does not hold.",
    do: 'otherwise: "plain" (or a configuration named default) is what runs where no rule holds.',
  },
  TEMPLATE_DUPLICATE: {
    title: "A template of this name and version is registered already",
    why: "Replacing it silently would change workflows that somebody else creates.",
    do: "Give it another version, or say replace: true.",
    example: "templates.register({ ...template, replace: true });",
  },
  TEMPLATE_UNKNOWN: {
    title: "There is no such template",
    why: "Names and versions are exact.",
    do: "stack.get(composition).templates.list() shows those there are.",
  },
} as const satisfies Record<string, CatalogEntry>;

/** Every code that this package throws. */
export type CompositionErrorCode = keyof typeof entries;

/** Long form of every code of this package. */
export const errorCatalog: Readonly<Record<CompositionErrorCode, CatalogEntry>> = Object.freeze(entries);

interface Extra {
  readonly do?: string;
  readonly details?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
}

const init = (code: CompositionErrorCode, what: string, why: string, extra: Extra = {}) => ({
  code,
  what,
  why,
  do: extra.do ?? entries[code].do,
  plugin: "composition",
  details: extra.details,
  cause: extra.cause,
});
const make = (...args: Parameters<typeof init>): GraphTapError => new GraphTapError(init(...args));

/** One thing that is wrong with a configuration. */
export interface CompositionIssue {
  /** Where: `workflows[1].timeoutMs`. */
  readonly path: string;
  readonly got: string;
  readonly expected: string;
  readonly fix: string;
}

/** One error for all issues. */
export function compositionInvalid(
  method: string,
  issues: readonly CompositionIssue[],
  cause?: unknown,
): GraphTapError {
  const why = issues.map(({ path, got, expected }) => `${path}: expected ${expected}, got ${got}.`).join("\n");
  const fixes = [...new Set(issues.map(({ fix }) => fix))].join("\n");
  return make("COMPOSITION_INVALID", `${method}() was configured wrong.`, why, {
    do: fixes === "" ? entries.COMPOSITION_INVALID.do : fixes,
    details: { issues },
    cause,
  });
}

/** No rule held, and nothing was said for that case. */
export class NoMatchError extends GraphTapError {
  override readonly name: string = "NoMatchError";
  /** How each rule was answered. */
  readonly trace: RuleTrace;

  constructor(workflow: string, trace: RuleTrace) {
    const rules = trace.rules.map(({ name, trace: answer }) => `${name}: ${String(answer)}`);
    super(init("NO_MATCH", `no rule of "${workflow}" holds, and it has no default.`, rules.join("\n")));
    this.trace = trace;
  }

  /** True also for the error of another copy of this package. */
  static isNoMatch(error: unknown): error is NoMatchError {
    return GraphTapError.isInstance(error) && error.code === "NO_MATCH";
  }
}

/** A member failed; `cause` is its error. */
export function memberFailed(workflow: string, member: string, index: number, cause: unknown): GraphTapError {
  return make("MEMBER_FAILED", `member "${member}" of "${workflow}" failed.`, summaryOf(cause), {
    cause,
    details: { workflow, member, index },
  });
}

export function memberTimeout(workflow: string, member: string, ms: number): GraphTapError {
  return make(
    "MEMBER_TIMEOUT",
    `member "${member}" of "${workflow}" was aborted after ${ms} ms.`,
    entries.MEMBER_TIMEOUT.why,
    {
      details: { workflow, member, timeoutMs: ms },
    },
  );
}

/** @param member null: while one was being chosen */
export function compositeTimeout(workflow: string, member: string | null, ms: number): GraphTapError {
  const where = member === null ? "before a member was chosen" : `in member "${member}"`;
  return make(
    "COMPOSITE_TIMEOUT",
    `"${workflow}" was aborted after ${ms} ms, ${where}.`,
    entries.COMPOSITE_TIMEOUT.why,
    { details: { workflow, member, timeoutMs: ms } },
  );
}

export function mergeConflict(
  workflow: string,
  channel: string,
  members: readonly string[],
  why: string,
): GraphTapError {
  return make("MERGE_CONFLICT", `"${workflow}" cannot merge "${channel}" of ${members.join(", ")}.`, why, {
    do: `merges: { ${channel}: "last" }, "first", "append", "union", or a function.`,
    details: { workflow, channel, members },
  });
}

export const notChosen = (workflow: string, use: string): GraphTapError =>
  make("NOT_CHOSEN", `"${workflow}" was sent to "${use}", past its rules and its order.`, entries.NOT_CHOSEN.why);

export const compositeUnknown = (got: string): GraphTapError =>
  make("COMPOSITE_UNKNOWN", `executeCompositeWorkflow() was given ${got}.`, entries.COMPOSITE_UNKNOWN.why);

export const nothingToExplain = (got: string): GraphTapError =>
  make(
    "COMPOSITE_UNKNOWN",
    `explain() was given ${got}.`,
    "It takes a conditional workflow or a composite with conditions of this stack, or a configuration with conditions.",
    { do: 'explain({ conditions: { user_tier: "premium" } }, { user_tier: "free" })' },
  );

export const templateDuplicate = (name: string, version: string): GraphTapError =>
  make("TEMPLATE_DUPLICATE", `template "${name}" ${version} is registered already.`, entries.TEMPLATE_DUPLICATE.why);

export const templateUnknown = (name: string, version: string | null, known: readonly string[]): GraphTapError =>
  make(
    "TEMPLATE_UNKNOWN",
    `there is no template "${name}"${version === null ? "" : ` ${version}`}.`,
    `known: ${known.join(", ") || "none"}.`,
  );
