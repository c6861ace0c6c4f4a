import type { IncomingMessage } from "node:http";
import type { OpenAIRequest } from "./types.js";

/** A request that gets an error before the script is asked. */
export class RefusedRequest extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

async function readText(request: IncomingMessage, most: number): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of request as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > most) throw new RefusedRequest(413, `The body is larger than ${most} bytes.`);
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const toolName = (tool: unknown): string => {
  const name = (tool as { function?: { name?: unknown } } | null)?.function?.name;
  return typeof name === "string" ? name : "";
};

/** Reads and checks a completion request. */
export async function readCompletionRequest(
  request: IncomingMessage,
  most: number,
  index: number,
  signal: AbortSignal,
): Promise<OpenAIRequest> {
  const text = await readText(request, most);
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    throw new RefusedRequest(400, "The body is not JSON.");
  }
  if (!isRecord(body)) throw new RefusedRequest(400, "The body is not an object.");
  const { model, messages, tools, stream } = body;
  if (typeof model !== "string" || model === "") throw new RefusedRequest(400, "You must provide a model parameter.");
  if (!Array.isArray(messages) || messages.length === 0 || !messages.every(isRecord))
    throw new RefusedRequest(400, "messages is not a list of messages.");
  const names = Array.isArray(tools) ? tools.map(toolName) : [];
  return {
    index,
    model,
    messages: messages as unknown as OpenAIRequest["messages"],
    tools: names,
    stream: stream === true,
    body,
    headers: request.headers,
    signal,
  };
}

/** Characters of all contents and calls, for the estimate of usage. */
export function charactersOf(request: OpenAIRequest): number {
  let sum = 0;
  for (const { content, tool_calls: calls } of request.messages) {
    sum += typeof content === "string" ? content.length : content == null ? 0 : JSON.stringify(content).length;
    if (calls !== undefined) sum += JSON.stringify(calls).length;
  }
  return sum;
}
