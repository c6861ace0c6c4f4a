import type { BaseMessage } from "@langchain/core/messages";
import { type AnyMessage, type Block, isCallBlock, isMedia, MEDIA, type MessageCounter, withParts } from "./message.js";
import type { TextCounter } from "./tokens.js";

/** No text of a kind seen has fewer tokens per character for long, so no more than this need be looked at. */
const CHARACTERS_PER_TOKEN = 10;
/** A part this short is left as it is. */
const SHORT = 64;

const mark = (left: number): string => `\n[... ${left} characters left out ...]\n`;

/** Never between the halves of a pair: half a character is none. */
function cutAt(text: string, at: number): number {
  const code = text.charCodeAt(at - 1);
  return at > 0 && code >= 0xd800 && code <= 0xdbff ? at - 1 : at;
}

function shortened(text: string, kept: number): string {
  const head = cutAt(text, Math.ceil(kept * 0.7));
  const tail = cutAt(text, text.length - Math.floor(kept * 0.3));
  return text.slice(0, head) + mark(tail - head) + text.slice(tail);
}

/** The beginning and the end of a text, with a visible mark in between, in at most `maxTokens` if the mark alone fits. */
export function clipText(text: string, maxTokens: number, count: TextCounter): string {
  if (text.length <= maxTokens * CHARACTERS_PER_TOKEN && count(text) <= maxTokens) return text;
  let low = 0;
  let high = Math.min(text.length, Math.max(0, maxTokens) * CHARACTERS_PER_TOKEN);
  // To a hundredth: a few characters more are not worth counting the whole again.
  while (high - low > Math.max(4, low * 0.01)) {
    const middle = Math.ceil((low + high) / 2);
    if (count(shortened(text, middle)) <= maxTokens) low = middle;
    else high = middle - 1;
  }
  const clipped = shortened(text, low);
  // The mark may make a short text longer in characters, and still shorter in tokens.
  return clipped.length < text.length || count(clipped) <= maxTokens ? clipped : text;
}

/** Long texts anywhere in the arguments of a call; their form stays. */
function clipValue(value: unknown, maxTokens: number, count: TextCounter, depth = 0): unknown {
  if (typeof value === "string") return value.length <= SHORT ? value : clipText(value, maxTokens, count);
  if (typeof value !== "object" || value === null || depth > 16) return value;
  if (Array.isArray(value)) return value.map((item) => clipValue(item, maxTokens, count, depth + 1));
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [key, clipValue(item, maxTokens, count, depth + 1)]),
  );
}

/** Only what a text is: a picture cut short is none, and a model's signed thoughts may not be changed. */
function clipBlock(block: Block | string, each: number, count: TextCounter): Block | string {
  if (typeof block === "string") return clipText(block, each, count);
  if (isMedia(block)) return each >= MEDIA ? block : { type: "text", text: `[${String(block.type)} left out]` };
  if (block.type === "text" && typeof block["text"] === "string")
    return { ...block, text: clipText(block["text"], each, count) };
  return isCallBlock(block) ? { ...block, input: clipValue(block["input"], each, count) } : block;
}

function clipParts(message: BaseMessage, each: number, count: TextCounter): BaseMessage {
  const { content, tool_calls: calls } = message as AnyMessage;
  const parts: { content: unknown; tool_calls?: unknown } = {
    content: Array.isArray(content)
      ? content.map((block: Block | string) => clipBlock(block, each, count))
      : clipValue(content, each, count),
  };
  if (calls !== undefined && calls.length > 0)
    parts.tool_calls = calls.map((call) => ({ ...call, args: clipValue(call.args, each, count) }));
  return withParts(message, parts);
}

/**
 * The message in at most `maxTokens`, with visible marks where something is left out; whom it answers, what it calls and
 * its form stay. As short as it can be made if it cannot be made that short.
 */
export function clipMessage(message: BaseMessage, maxTokens: number, counter: MessageCounter): BaseMessage {
  if (counter.count(message) <= maxTokens) return message;
  const { content, tool_calls: calls = [] } = message as AnyMessage;
  if (typeof content === "string" && calls.length === 0) {
    const frame = counter.count(withParts(message, { content: "" }));
    return withParts(message, { content: clipText(content, Math.max(0, maxTokens - frame), counter.text) });
  }
  let best = clipParts(message, 0, counter.text);
  if (counter.count(best) > maxTokens) return best;
  let low = 0;
  let high = maxTokens;
  // The budget is that of all parts together; how much each may have is found by trying.
  while (high - low > Math.max(2, low * 0.02)) {
    const middle = Math.ceil((low + high) / 2);
    const tried = clipParts(message, middle, counter.text);
    if (counter.count(tried) <= maxTokens) {
      low = middle;
      best = tried;
    } else high = middle - 1;
  }
  return best;
}
