import type { Usage } from "../hooks/context.js";

const PARTS = ["input", "output", "total", "cacheRead", "cacheWrite", "reasoning"] as const;

/** A count, or null for anything that is not a finite number of zero or more. */
function count(value: unknown): number | null {
  return typeof value === "number" && Number.isFinite(value) && value >= 0 ? value : null;
}

/** LangChain's `usage_metadata` as a {@link Usage}; null where there is none. */
export function readUsage(metadata: unknown): Usage | null {
  if (typeof metadata !== "object" || metadata === null) return null;
  const m = metadata as Record<string, unknown>;
  const inputs = (m["input_token_details"] ?? {}) as Record<string, unknown>;
  const outputs = (m["output_token_details"] ?? {}) as Record<string, unknown>;
  const usage: Usage = {
    input: count(m["input_tokens"]),
    output: count(m["output_tokens"]),
    total: count(m["total_tokens"]),
    cacheRead: count(inputs["cache_read"]),
    cacheWrite: count(inputs["cache_creation"]),
    reasoning: count(outputs["reasoning"]),
  };
  return PARTS.every((part) => usage[part] === null) ? null : usage;
}

/** A whole reply's usage: LangChain's own record of it, or the one that integrations kept before there was one. */
export function usageOf(generation: unknown, llmOutput: unknown): Usage | null {
  const { usage_metadata: normal, response_metadata: kept } = record(record(generation)["message"]);
  const older = [record(kept)["tokenUsage"], record(kept)["usage"], record(llmOutput)["tokenUsage"]];
  return older.reduce<Usage | null>((found, one) => found ?? readOlder(record(one)), readUsage(normal));
}

const record = (value: unknown): Record<string, unknown> =>
  typeof value === "object" && value !== null ? (value as Record<string, unknown>) : {};

function readOlder(given: Record<string, unknown>): Usage | null {
  const input = count(given["promptTokens"] ?? given["prompt_tokens"]);
  const output = count(given["completionTokens"] ?? given["completion_tokens"]);
  const total = count(given["totalTokens"] ?? given["total_tokens"]);
  // Some keep a record of zeros where the provider reported nothing; no call takes nothing in.
  if (!input && !output && !total) return null;
  const cacheRead = count(record(given["prompt_tokens_details"])["cached_tokens"]);
  const reasoning = count(record(given["completion_tokens_details"])["reasoning_tokens"]);
  return { input, output, total, cacheRead, cacheWrite: null, reasoning };
}

/** Adds two usages part by part; a part that neither knows stays null. */
export function addUsage(a: Usage | null, b: Usage): Usage {
  if (a === null) return b;
  const sum = (x: number | null, y: number | null): number | null => (x === null ? y : y === null ? x : x + y);
  return {
    input: sum(a.input, b.input),
    output: sum(a.output, b.output),
    total: sum(a.total, b.total),
    cacheRead: sum(a.cacheRead, b.cacheRead),
    cacheWrite: sum(a.cacheWrite, b.cacheWrite),
    reasoning: sum(a.reasoning, b.reasoning),
  };
}
