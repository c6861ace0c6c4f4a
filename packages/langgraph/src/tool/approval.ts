import { hash } from "@graphtap/values";
import type { Core } from "../core.js";
import type { Frame } from "../run/scope.js";
import type { FrozenCall } from "./call.js";
import { judge, type Judged, refusal, withoutApproval, type Wish } from "./gate.js";
import { type Asked, Slots, wasAsked } from "./slots.js";

/** A judgement that no longer waits for anybody. */
export type Answer = Exclude<Judged, { kind: "escalated" }>;
type Escalated = Extract<Judged, { kind: "escalated" }>;

/** A human's answer, in the shape of LangChain's human-in-the-loop middleware. */
interface Decision {
  readonly type: "approve" | "edit" | "reject";
  readonly message?: string;
  readonly editedAction?: { readonly name?: string; readonly args?: unknown };
  /** Optional: binds the answer to the arguments that were shown. */
  readonly argsHash?: string;
}

function decisionOf(resume: unknown): Decision | null {
  const value = (resume as { decisions?: unknown } | null)?.decisions ?? resume;
  // One question was asked: of several answers nobody can say which is meant.
  const only: unknown = Array.isArray(value) ? (value.length === 1 ? value[0] : null) : value;
  if (typeof only !== "object" || only === null || !Object.hasOwn(only, "type")) return null;
  const { type } = only as Decision;
  return type === "approve" || type === "edit" || type === "reject" ? (only as Decision) : null;
}

/**
 * Asks humans about the calls of one round, and answers what they were asked before. Called every time the node runs
 * again, before any tool ran. Questions of earlier runs come first, in their order and whatever the guards say now:
 * LangGraph knows interrupts by their index, and a skipped one would hand its answer to the next.
 */
export function withAnswers(
  core: Core,
  frame: Frame,
  wishes: readonly Wish[],
  judged: readonly Judged[],
  config: object,
): readonly Answer[] | Promise<readonly Answer[]> {
  return judged.some((j) => j.kind === "escalated") || wasAsked(config)
    ? answered(core, frame, wishes, judged, config)
    : (judged as Answer[]);
}

async function answered(
  core: Core,
  frame: Frame,
  wishes: readonly Wish[],
  judged: readonly Judged[],
  config: object,
): Promise<readonly Answer[]> {
  const slots = Slots.of(config, frame.scope);
  if (slots === null) return judged.map(withoutApproval);
  const answers = new Map<number, { readonly asked: Asked; readonly resume: unknown }>();
  for (let asked = slots.nextAsked(); asked !== null; asked = slots.nextAsked()) {
    const at = placeOf(asked, wishes, answers);
    const resume = slots.answer(questionOf(asked, at === null ? undefined : judged[at]));
    if (at !== null) answers.set(at, { asked, resume });
  }
  for (const [at, verdict] of judged.entries()) {
    const wish = wishes[at];
    if (verdict.kind !== "escalated" || wish === undefined || answers.has(at)) continue;
    const shown = hashOf(verdict.call);
    if (shown === null) continue;
    const asked: Asked = { graphtap: "asked", name: verdict.call.name, callId: wish.callId, at, hash: shown };
    slots.ask(asked, questionOf(asked, verdict));
  }
  const settled: Answer[] = [];
  for (const [at, verdict] of judged.entries()) {
    const given = answers.get(at);
    settled.push(
      given === undefined
        ? withoutApproval(verdict)
        : await decided(core, frame, wishes[at] as Wish, verdict, given.asked, given.resume),
    );
  }
  return settled;
}

/** Which call a question was about: the same place where it still fits, else the first with its id and name. */
function placeOf(asked: Asked, wishes: readonly Wish[], answered: ReadonlyMap<number, unknown>): number | null {
  const fits = (at: number): boolean =>
    !answered.has(at) && wishes[at]?.callId === asked.callId && wishes[at]?.tool.name === asked.name;
  if (fits(asked.at)) return asked.at;
  const found = wishes.findIndex((_, at) => fits(at));
  return found === -1 ? null : found;
}

/** What is shown; an answer is bound to the hash, so it is the same whenever it is asked again. */
function questionOf(asked: Asked, judged: Judged | undefined): unknown {
  const call = judged !== undefined && "call" in judged ? judged.call : null;
  const requests = judged?.kind === "escalated" ? judged.requests : [];
  return {
    actionRequests: [
      { name: asked.name, args: call?.parsed ?? {}, description: requests.map((r) => r.request["reason"]).join("; ") },
    ],
    reviewConfigs: [{ actionName: asked.name, allowedDecisions: ["approve", "edit", "reject"] }],
    graphtap: { toolCallId: asked.callId, argsHash: asked.hash, requests },
  };
}

/** What an approval is bound to. The raw arguments stand in for parsed ones that are no plain data. */
function hashOf(call: FrozenCall): string | null {
  if (call.argsHash !== null) return call.argsHash;
  try {
    return hash(call.raw);
  } catch {
    return null;
  }
}

async function decided(
  core: Core,
  frame: Frame,
  wish: Wish,
  judged: Judged,
  asked: Asked,
  resume: unknown,
): Promise<Answer> {
  // What is denied, or what the tool itself refuses, needs no approval any more.
  if (judged.kind !== "allowed" && judged.kind !== "escalated") return judged;
  const { call } = judged;
  const deny = (code: string, message: string, reason: string): Answer => ({
    kind: "denied",
    executionId: call.executionId,
    call,
    denial: refusal(code, message, reason),
  });
  const decision = decisionOf(resume);
  if (decision === null)
    return deny(
      "APPROVAL_VOID",
      "The approval for this call was not understood; do not retry.",
      "the resume payload holds no decision",
    );
  if (hashOf(call) !== asked.hash)
    return deny(
      "APPROVAL_VOID",
      "The call changed while it waited for approval; ask again.",
      "the arguments are not those that were shown",
    );
  if (decision.argsHash !== undefined && decision.argsHash !== asked.hash)
    return deny(
      "APPROVAL_VOID",
      "The approval was given for another call; ask again.",
      "the decision names another argsHash",
    );
  if (decision.type === "reject")
    return deny(
      "APPROVAL_REJECTED",
      decision.message ?? "A person rejected this call; do not retry, answer without it.",
      `rejected by ${frame.ctx.principal?.label ?? "nobody known"}`,
    );
  if (decision.type === "approve") return { kind: "allowed", call };
  const edited = decision.editedAction;
  if (edited === undefined || (edited.name !== undefined && edited.name !== call.name))
    return deny(
      "APPROVAL_VOID",
      "The approval named another tool; do not retry.",
      `editedAction must name "${call.name}"`,
    );
  const again = await judge(core, frame, { ...wish, args: edited.args });
  if (again.kind === "denied" || again.kind === "allowed") return again;
  // Whoever changed the arguments has seen them: a repeated escalation is answered.
  if (again.kind === "escalated") return { kind: "allowed", call: (again satisfies Escalated).call };
  return deny(
    "APPROVAL_VOID",
    "The approval gave arguments that the tool does not take; do not retry.",
    "editedAction.args do not fit the tool's schema",
  );
}
