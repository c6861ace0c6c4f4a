import { defineHook } from "@graphtap/kernel";
import type { DenialFields, EndFields, RunContext } from "./context.js";

/** What is known of a tool without running it. */
export interface ToolInfo {
  readonly name: string;
  readonly description: string;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** A call before it is judged; `tool.prepare` may answer with other arguments. */
export interface ToolDraft {
  readonly name: string;
  readonly args: unknown;
  readonly callId: string | null;
  readonly tool: ToolInfo;
}

/** The frozen call: what is judged is what runs. */
export interface ToolCall {
  readonly name: string;
  /** Unique per execution; the call id may be null or reused, this never is. */
  readonly executionId: string;
  readonly callId: string | null;
  readonly tool: ToolInfo;
  /** Arguments as sent (after `tool.prepare`), deep-frozen. */
  readonly raw: unknown;
  /** The same after the tool's own schema, deep-frozen. */
  readonly parsed: unknown;
  /** SHA-256 of the canonical parsed arguments; null where they are not plain data. */
  readonly argsHash: string | null;
  /** `node`: a ToolNode's call; `direct`: the tool object was called. */
  readonly route: "node" | "direct";
}

/** What came back: exactly what the tool's `invoke` gave. */
export interface ToolReply {
  readonly value: unknown;
}
export interface ToolStart {
  readonly name: string;
  readonly executionId: string;
  readonly callId: string | null;
  /** Null too where only observers watch, and the tool's schema cannot be asked at once: then the tool parses by itself. */
  readonly argsHash: string | null;
  /** The model asked for a tool that there is not: nobody judged it, nothing runs, and it ends as TOOL_NOT_FOUND. */
  readonly missing?: true;
}
export interface ToolEnd extends EndFields {
  readonly name: string;
  readonly executionId: string;
  readonly callId: string | null;
}
export interface ToolDenied extends DenialFields {
  readonly name: string;
  readonly executionId: string;
  readonly callId: string | null;
  /** Of the arguments that were judged; null where none could be read, or the tool's schema refuses them. */
  readonly argsHash: string | null;
}
/** What a tool-level limit or budget settles with. */
export interface ToolSettlement {
  readonly status: EndFields["status"];
  readonly durationMs: number;
}

export const tool = Object.freeze({
  prepare: defineHook.waterfall<ToolDraft, RunContext>("tool.prepare", {
    doc: "May rewrite the arguments; deterministic, for it runs again when a node does.",
  }),
  authorize: defineHook.guard<ToolCall, RunContext>("tool.authorize", {
    doc: "May this call happen? A pure judgement of the frozen call.",
  }),
  admit: defineHook.reserve<ToolCall, ToolSettlement, RunContext>("tool.admit", {
    doc: "Is there room? Takes limits and budgets; settled when the call ended.",
  }),
  call: defineHook.around<ToolCall, Promise<ToolReply>, RunContext>("tool.call", {
    doc: "The call itself; time-outs, retries and caches live here.",
  }),
  result: defineHook.waterfall<ToolReply, RunContext>("tool.result", {
    fault: "deny",
    doc: "Filters on what came back.",
  }),
  start: defineHook.series<ToolStart, RunContext>("tool.start", { doc: "An admitted call begins." }),
  end: defineHook.series<ToolEnd, RunContext>("tool.end", { doc: "A call ended, well or not." }),
  denied: defineHook.series<ToolDenied, RunContext>("tool.denied", { doc: "A call was refused; it did not run." }),
});
