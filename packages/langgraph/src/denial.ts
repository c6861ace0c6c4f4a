import { errorCatalog as kernelCatalog, GraphTapError } from "@graphtap/kernel";
import { ToolMessage } from "@langchain/core/messages";
import { errorCatalog } from "./errors.js";
import type { DenialFields } from "./hooks/context.js";

const explained = new Map(
  [...Object.entries(kernelCatalog), ...Object.entries(errorCatalog)].map(([code, entry]) => [code, entry.do]),
);

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
      do: denial.fix ?? doFor(denial),
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

/** A refusal in the words that are for a model, where its text goes to one; what was thrown is its cause. */
export function forModel(error: DeniedError, cause: unknown): DeniedError {
  const told = new DeniedError("a call", denialIn(error));
  const own = { configurable: true, writable: true };
  return Object.defineProperties(told, {
    message: { ...own, value: error.modelMessage },
    stack: { ...own, value: `${error.name}: ${error.modelMessage}` },
    cause: { ...own, value: cause },
  });
}

/** What a refusal that was thrown says, for whoever has a message to carry it. */
export function denialIn(error: DeniedError): DenialFields {
  const { code, modelMessage: message, reason, plugin = null, hook = null, hint } = error;
  return { code, message, reason, plugin, hook, fix: hint };
}

/** The catalogues say it for the codes of the stack; the codes of plugins are theirs to explain. */
function doFor({ code, plugin }: DenialFields): string {
  const known = explained.get(code);
  if (known !== undefined) return known;
  const whose = plugin === null ? "" : `It is plugin "${plugin}" that refuses this. `;
  return `${whose}npx graphtap why ${code} says more about codes of GraphTap's own.`;
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

export { isDenied } from "./is-denied.js";
