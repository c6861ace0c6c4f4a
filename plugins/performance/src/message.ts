import { hash } from "node:crypto";
import type { BaseMessage } from "@langchain/core/messages";
import { toJsonSchema } from "@langchain/core/utils/json_schema";
import { compressionOptionsInvalid } from "./errors.js";
import type { TextCounter } from "./tokens.js";

/** What every message costs beside its text: its role and its frame. */
const FRAME = 4;
/** What a picture, a sound or a file costs, roughly: providers reckon them by size, which is not known here. */
export const MEDIA = 1_000;

interface Call {
  readonly id?: string | undefined;
  readonly name: string;
  readonly args: unknown;
}
/** The parts of a message that are read here. Structural: copies of LangChain differ in class. */
export interface AnyMessage {
  readonly type: string;
  readonly id?: string | undefined;
  readonly name?: string | undefined;
  readonly content: unknown;
  readonly tool_calls?: readonly Call[] | undefined;
  readonly tool_call_id?: string | undefined;
  readonly additional_kwargs?: Readonly<Record<string, unknown>> | undefined;
}
/** One block of a message's content. */
export type Block = Readonly<Record<string, unknown>> & { readonly type?: unknown };

const json = (value: unknown): string => {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    // Circular, or a bigint: no provider could send it either.
    return "";
  }
};

const MEDIA_TYPES = /image|audio|video|file|document/;
/** A picture, a sound or a file in the content of a message. */
export const isMedia = (block: Block): boolean => typeof block.type === "string" && MEDIA_TYPES.test(block.type);
export const isCallBlock = ({ type }: Block): boolean =>
  type === "tool_use" || type === "tool_call" || type === "functionCall";

function textsOf(message: AnyMessage): { readonly texts: readonly string[]; readonly media: number } {
  const texts: string[] = [];
  let media = 0;
  const { content, tool_calls: calls = [], additional_kwargs: extra, name } = message;
  if (typeof content === "string") texts.push(content);
  else if (Array.isArray(content))
    for (const block of content as readonly (Block | string)[]) {
      if (typeof block === "string") texts.push(block);
      else if (isCallBlock(block) && calls.length > 0) continue;
      else if (typeof block["text"] === "string") texts.push(block["text"]);
      else if (isMedia(block)) media++;
      else texts.push(json(block));
    }
  if (name !== undefined) texts.push(name);
  for (const call of calls) texts.push(call.name, json(call.args));
  if (calls.length === 0 && extra?.["tool_calls"] !== undefined) texts.push(json(extra["tool_calls"]));
  return { texts, media };
}

/** Counts messages with one counter; a message that was counted is not counted again. */
export class MessageCounter {
  readonly #known = new WeakMap<
    object,
    { readonly content: unknown; readonly calls: unknown; readonly tokens: number }
  >();
  readonly #tools = new WeakMap<object, number>();

  readonly text: TextCounter;

  constructor(text: TextCounter) {
    this.text = (given) => {
      const tokens = text(given);
      // A promise or NaN is never too many: the budget would be gone without a word.
      if (tokens >= 0) return tokens;
      throw compressionOptionsInvalid(`countTokens gave ${String(tokens)}, not a number from 0 on.`);
    };
  }

  count(message: BaseMessage): number {
    const { content, tool_calls: calls } = message as AnyMessage;
    const known = this.#known.get(message);
    if (known !== undefined && known.content === content && known.calls === calls) return known.tokens;
    const { texts, media } = textsOf(message as AnyMessage);
    const tokens = texts.reduce((sum, text) => sum + this.text(text), FRAME + media * MEDIA);
    this.#known.set(message, { content, calls, tokens });
    return tokens;
  }

  total(messages: readonly BaseMessage[]): number {
    return messages.reduce((sum, message) => sum + this.count(message), 0);
  }

  /** What the schemas of bound tools cost: they are sent with every call. */
  tools(tools: unknown): number {
    if (!Array.isArray(tools)) return 0;
    let sum = 0;
    for (const tool of tools as readonly unknown[]) {
      if (typeof tool !== "object" || tool === null) continue;
      let tokens = this.#tools.get(tool);
      if (tokens === undefined) this.#tools.set(tool, (tokens = FRAME + this.text(toolText(tool))));
      sum += tokens;
    }
    return sum;
  }
}

/** As it is sent: a provider's own form is plain already, a LangChain tool becomes a name, a description and a JSON schema. */
function toolText(tool: object): string {
  const { name, description, schema } = tool as { name?: unknown; description?: unknown; schema?: unknown };
  if (!("invoke" in tool)) return json(tool);
  try {
    return json({ name, description, parameters: toJsonSchema(schema as never) });
  } catch {
    // A schema that cannot be sent; the provider will say so.
    return json({ name, description });
  }
}

const fingerprints = new WeakMap<object, { readonly content: unknown; readonly print: string }>();

/** Tells messages apart by what they say; not by their ids, which a caller who sends the history gets anew each time. */
export function fingerprintOf(message: BaseMessage): string {
  const { type, content, tool_calls: calls, tool_call_id: answers } = message as AnyMessage;
  const known = fingerprints.get(message);
  if (known !== undefined && known.content === content) return known.print;
  const print = hash("sha256", json([type, content, calls ?? null, answers ?? null]), "base64url").slice(0, 16);
  fingerprints.set(message, { content, print });
  return print;
}

/** A message of the same class with other parts; the given one stays as it is. */
export function withParts(message: BaseMessage, parts: { content?: unknown; tool_calls?: unknown }): BaseMessage {
  const copy = Object.assign(Object.create(Object.getPrototypeOf(message) as object) as BaseMessage, message, parts);
  const kwargs = (message as { lc_kwargs?: object }).lc_kwargs;
  // What a message is serialised from.
  if (kwargs !== undefined) Object.assign(copy, { lc_kwargs: { ...kwargs, ...parts } });
  return copy;
}
