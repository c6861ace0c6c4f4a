import { GraphTapError } from "@graphtap/kernel";
import { ToolMessage } from "@langchain/core/messages";
import type { DenialFields } from "./hooks/context.js";

/**
 * A refusal at a place that has no message to carry it: a bare tool call, a model call, a run. `code` is the denial's
 * own code (`PERMISSION_NOT_GRANTED`, ...), `modelMessage` the text meant for a model.
 */
export class DeniedError extends GraphTapError {
  override readonly name: string = "DeniedError";
  /** As HTTP says it; LangGraph's retry policies and LangChain's callers take it for final: asking again changes nothing. */
  readonly status = 403;
  /** The text meant for a model. */
  readonly modelMessage: string;
  readonly reason: string | null;

  constructor(subject: string, denial: DenialFields) {
    super({
      code: denial.code,
      what: `${subject} was denied.`,
      why: denial.reason ?? denial.message,
      do: "Grant what is missing, or let the model answer without it.",
      ...(denial.plugin === null ? {} : { plugin: denial.plugin }),
      ...(denial.hook === null ? {} : { hook: denial.hook }),
    });
    this.modelMessage = denialText(denial);
    this.reason = denial.reason;
  }

  /** By brand: two copies of this package may be loaded. */
  static isDenied(error: unknown): error is DeniedError {
    return GraphTapError.isInstance(error) && (error as Error).name === "DeniedError";
  }
}

/** What the model reads: the code and the message, no policy detail. */
function denialText(denial: Pick<DenialFields, "code" | "message">): string {
  return denial.message.startsWith(`${denial.code}:`) ? denial.message : `${denial.code}: ${denial.message}`;
}

/** What a denied tool call leaves in the state instead of a result. */
export function denialMessage(
  name: string,
  callId: string | null,
  requestId: string,
  denial: DenialFields,
): ToolMessage {
  return new ToolMessage({
    status: "error",
    name,
    tool_call_id: callId ?? "",
    content: denialText(denial),
    artifact: { graphtap: { code: denial.code, requestId } },
  });
}

/**
 * Whether a message is a tool call that was denied. Works on live messages, on messages read back from a checkpoint and
 * on their JSON.
 *
 * @example
 * const denials = state.messages.filter(isDenied);
 */
export function isDenied(message: unknown): boolean {
  const artifact: unknown =
    (message as { artifact?: unknown; kwargs?: { artifact?: unknown } } | null)?.artifact ??
    (message as { kwargs?: { artifact?: unknown } } | null)?.kwargs?.artifact;
  const code: unknown = (artifact as { graphtap?: { code?: unknown } } | null | undefined)?.graphtap?.code;
  return typeof code === "string";
}
