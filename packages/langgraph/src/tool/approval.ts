import { interrupt } from "@langchain/langgraph";
import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import type { Core } from "../core.js";
import type { Frame } from "../run/scope.js";
import { authorize, type Judged, judge, refusal, type Wish } from "./gate.js";

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
  const first: unknown = Array.isArray(value) ? value[0] : value;
  const type = (first as Decision | null)?.type;
  return type === "approve" || type === "edit" || type === "reject" ? (first as Decision) : null;
}

/**
 * Asks a human by LangGraph's own interrupt and judges the answer. Called in call order, for the same calls, every time
 * the node runs again, whatever was answered before: interrupts are matched by their index.
 */
export async function ask(core: Core, frame: Frame, wish: Wish, escalated: Extract<Judged, { kind: "escalated" }>, config: object): Promise<Exclude<Judged, { kind: "escalated" }>> {
  const { call } = escalated;
  const question = {
    actionRequests: [{ name: call.name, args: call.parsed, description: escalated.requests.map((r) => r.request["reason"]).join("; ") }],
    reviewConfigs: [{ actionName: call.name, allowedDecisions: ["approve", "edit", "reject"] }],
    graphtap: { toolCallId: call.callId, argsHash: call.argsHash, requests: escalated.requests },
  };
  // Our own await may have left LangChain's context; interrupt() reads its place in the graph from there.
  const resume: unknown = AsyncLocalStorageProviderSingleton.runWithConfig(config, () => interrupt(question));
  const decision = decisionOf(resume);
  const deny = (code: string, message: string, reason: string): Judged & { kind: "denied" } => ({ kind: "denied", executionId: call.executionId, denial: refusal(code, message, reason) });
  if (decision === null) return deny("APPROVAL_VOID", "The approval for this call was not understood; do not retry.", "the resume payload holds no decision");
  if (decision.argsHash !== undefined && decision.argsHash !== call.argsHash) return deny("APPROVAL_VOID", "The call changed while it waited for approval; ask again.", "argsHash differs");
  if (decision.type === "reject") return deny("APPROVAL_REJECTED", decision.message ?? "A person rejected this call; do not retry, answer without it.", `rejected by ${frame.ctx.principal?.label ?? "nobody known"}`);
  if (decision.type === "approve") return approved(await authorize(core, frame, call));
  const edited = decision.editedAction;
  if (edited === undefined || (edited.name !== undefined && edited.name !== call.name)) return deny("APPROVAL_VOID", "The approval named another tool; do not retry.", `editedAction must name "${call.name}"`);
  return approved(await judge(core, frame, { ...wish, args: edited.args }));
}

/** What was asked for has been given: a repeated escalation is answered, a denial still denies. */
function approved(judged: Judged): Exclude<Judged, { kind: "escalated" }> {
  return judged.kind === "escalated" ? { kind: "allowed", call: judged.call } : judged;
}
