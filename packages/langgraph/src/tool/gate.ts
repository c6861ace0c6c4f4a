import { fitting } from "../answer.js";
import { randomUUID } from "node:crypto";
import { GraphTapError, type Judgement } from "@graphtap/kernel";
import { errorCatalog as valuesCatalog, ValuesError } from "@graphtap/values";
import type { Core } from "../core.js";
import type { DenialFields } from "../hooks/context.js";
import type { ToolCall, ToolDraft } from "../hooks/tool.js";
import type { Frame } from "../run/scope.js";
import { type AnyTool, FrozenCall, parseArguments, type Parsed, type Reading, toolInfo } from "./call.js";
import { parsesAtOnce } from "./parse.js";
import { shapeOf } from "./shape.js";

/** What somebody wants to call. */
export interface Wish {
  readonly tool: AnyTool;
  readonly args: unknown;
  readonly callId: string | null;
  readonly route: ToolCall["route"];
  readonly form: Reading["form"];
}

/** Whether anything judges or watches tools here; a run without identity may have none. */
export const gates = ({ scope, ctx }: Frame): boolean =>
  scope.dispatch.anyTool || (scope.dispatch.needsIdentity && ctx.principal === null);

/** A refusal, and of what. */
export interface Denied {
  readonly executionId: string;
  readonly denial: DenialFields;
  /** Missing where the arguments could not be read. */
  readonly call?: ToolCall;
}

/** What the gate says of a wish. */
export type Judged =
  | { readonly kind: "allowed"; readonly call: FrozenCall }
  | ({ readonly kind: "denied" } & Denied)
  | {
      readonly kind: "escalated";
      readonly call: FrozenCall;
      readonly requests: readonly { readonly plugin: string; readonly request: Readonly<Record<string, unknown>> }[];
    }
  /** The tool's schema refuses the arguments: the tool itself says so, in its own words. */
  | { readonly kind: "invalid"; readonly executionId: string; readonly raw: unknown; readonly error: unknown }
  /** Nothing may refuse, and the arguments cannot be read, or not at once: they pass untouched. */
  | { readonly kind: "unread"; readonly executionId: string };

/** A refusal of the stack's own. */
export function refusal(code: string, message: string, reason: string): DenialFields {
  return { code, message, reason, plugin: null, hook: null };
}

/**
 * Why something is withheld, for those who keep reasons: what a tap threw may quote what it was given, so only who failed
 * is said.
 */
export function failureOf(error: unknown): string {
  if (!GraphTapError.isInstance(error)) return "a filter failed";
  return error.code === "TAP_FAILED"
    ? `plugin "${error.plugin ?? "?"}" failed in "${error.hook ?? "?"}"`
    : error.message;
}

/** Why arguments could not be read. Not where: names of keys may be data, and reasons are kept. */
const unreadable = (error: unknown): string =>
  ValuesError.isInstance(error)
    ? `${error.code}: ${valuesCatalog[error.code].title}`
    : "they hold what is no plain data, and could change after they were judged";

const NO_APPROVAL = refusal(
  "APPROVAL_NOT_POSSIBLE",
  "This call needs an approval that nobody can give here; do not retry, answer without it.",
  "a guard escalated where no run can pause (a bare call, or a call that changed after it was judged)",
);

/** A tool with an `invoke` of its own need not check its schema: nothing would be judged, and it would run. */
const INVALID = refusal(
  "ARGUMENTS_INVALID",
  "The arguments do not fit this tool's schema; correct them.",
  "the tool has an invoke of its own, which may run without checking its schema",
);

/** An escalation that cannot be asked is a denial. */
export function withoutApproval(judged: Judged): Exclude<Judged, { kind: "escalated" }> {
  return judged.kind === "escalated"
    ? { kind: "denied", executionId: judged.call.executionId, call: judged.call, denial: NO_APPROVAL }
    : judged;
}

/**
 * prepare -> read once, parse, freeze -> authorize. No side effects: nothing is counted or taken here. A promise only
 * where a tap or the tool's schema gives one.
 */
export function judge(core: Core, frame: Frame, wish: Wish): Judged | Promise<Judged> {
  const { prepare } = frame.scope.dispatch.tool;
  if (!prepare.used) return judgeArguments(core, frame, wish, wish.args);
  const info = toolInfo(wish.tool);
  const draft: ToolDraft = Object.freeze({ name: info.name, args: wish.args, callId: wish.callId, tool: info });
  const prepared = prepare.call(draft, frame.ctx);
  return prepared instanceof Promise
    ? prepared.then((given) => judgeArguments(core, frame, wish, fitting("tool.prepare", prepare, given).args))
    : judgeArguments(core, frame, wish, fitting("tool.prepare", prepare, prepared).args);
}

function judgeArguments(core: Core, frame: Frame, wish: Wish, args: unknown): Judged | Promise<Judged> {
  const { dispatch } = frame.scope;
  const strict = dispatch.controlsTools || gates(frame) !== dispatch.anyTool;
  // Nobody but observers: a schema that has to be waited for is left to the tool, or it would begin after its siblings.
  if (!strict && !dispatch.tool.call.used && !parsesAtOnce(wish.tool.schema, args))
    return { kind: "unread", executionId: randomUUID() };
  const read = parseArguments(wish.tool, args, { form: wish.form, strict });
  return read instanceof Promise
    ? read.then((done) => judgeRead(core, frame, wish, done, strict))
    : judgeRead(core, frame, wish, read, strict);
}

function judgeRead(core: Core, frame: Frame, wish: Wish, read: Parsed, strict: boolean): Judged | Promise<Judged> {
  const executionId = randomUUID();
  if (!read.ok) {
    if (read.kind === "invalid")
      return strict && shapeOf(wish.tool) === "own"
        ? { kind: "denied", executionId, denial: INVALID }
        : { kind: "invalid", executionId, raw: read.raw, error: read.error };
    if (!strict) return { kind: "unread", executionId };
    const denial = refusal(
      "ARGUMENTS_UNREADABLE",
      "The arguments are too large, too deep or not plain data; send less.",
      unreadable(read.error),
    );
    return { kind: "denied", executionId, denial };
  }
  const info = toolInfo(wish.tool);
  return authorize(
    core,
    frame,
    new FrozenCall({
      name: info.name,
      executionId,
      callId: wish.callId,
      tool: info,
      raw: read.raw,
      parsed: read.parsed,
      route: wish.route,
    }),
  );
}

/** Judges a frozen call; also what every further attempt of an admitted call passes. */
export function authorize(core: Core, frame: Frame, call: FrozenCall): Judged | Promise<Judged> {
  const { dispatch } = frame.scope;
  if (dispatch.needsIdentity && frame.ctx.principal === null) {
    const denial = refusal(
      "IDENTITY_MISSING",
      "Tools are not available without signing in; answer without them.",
      `anonymous: "${core.anonymous}"`,
    );
    return { kind: "denied", executionId: call.executionId, call, denial };
  }
  if (!dispatch.tool.authorize.used) return { kind: "allowed", call };
  const verdict = dispatch.tool.authorize.call(call, frame.ctx);
  return verdict instanceof Promise ? verdict.then((given) => judgedBy(given, call)) : judgedBy(verdict, call);
}

function judgedBy(verdict: Judgement<ToolCall>, call: FrozenCall): Judged {
  if (verdict.effect === "allow") return { kind: "allowed", call };
  if (verdict.effect === "escalate") return { kind: "escalated", call, requests: verdict.requests };
  return { kind: "denied", executionId: call.executionId, call, denial: denialOf(verdict) };
}

/** The kernel's denial in the binding's words. */
export function denialOf(verdict: {
  readonly code: string;
  readonly message: string;
  readonly reason?: string | undefined;
  readonly plugin?: string | null | undefined;
  readonly hook?: string | null | undefined;
  readonly details?: { readonly do?: string | undefined } | undefined;
}): DenialFields {
  const fix = verdict.details?.do;
  return {
    code: verdict.code,
    message: verdict.message,
    reason: verdict.reason ?? null,
    plugin: verdict.plugin ?? null,
    hook: verdict.hook ?? null,
    ...(typeof fix === "string" ? { fix } : {}),
  };
}
