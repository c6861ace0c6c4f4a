import { randomUUID } from "node:crypto";
import { ToolMessage } from "@langchain/core/messages";
import { blockedError, type Refusal } from "./errors.js";

/** What a model reads instead of a result that is blocked. Throws where there is no message to carry it. */
export function withheld(value: unknown, refusal: Refusal): ToolMessage {
  if (!ToolMessage.isInstance(value)) throw blockedError("the result of a tool", refusal, "tool.result");
  return new ToolMessage({
    status: "error",
    ...(value.name === undefined ? {} : { name: value.name }),
    ...(value.id === undefined ? {} : { id: value.id }),
    tool_call_id: value.tool_call_id,
    content: `${refusal.code}: ${refusal.message}`,
    artifact: { graphtap: { code: refusal.code, requestId: randomUUID() } },
  });
}

/** The name of the tool, where the result says it. */
export function toolNameOf(value: unknown): string | null {
  const name = ToolMessage.isInstance(value) ? value.name : undefined;
  return name ?? null;
}
