import type { Kill } from "./kill.js";
import type { LoopFinding } from "./loop.js";
import type { RateStatus } from "./rate.js";
import { describe, quote, type Subject } from "./subject.js";

/** Words for the model: what to do now, nothing of the policy. */
const unavailable = (toolName: string): string =>
  `${quote(toolName)} is not available to you; do not retry, answer without it.`;

export const killMessage = unavailable;

export const killReason = ({ target, by, reason, source }: Kill): string =>
  `${quote(target)} is switched off by ${source === "environment" ? "GRAPHTAP_KILL" : by === null ? "kill()" : quote(by)}${
    reason === null ? "" : `: ${quote(reason)}`
  }`;

export function loopMessage(toolName: string, { code }: LoopFinding): string {
  if (code === "LOOP_ARGUMENTS_REPEATED")
    return `${quote(toolName)} was called with these arguments again and again; do not retry, answer with what you have.`;
  const what = code === "LOOP_TOOL_EXCEEDED" ? `${quote(toolName)} was` : "Tools were";
  return `${what} called too often; do not retry, answer with what you have.`;
}

export function loopReason(toolName: string, { code, limit }: LoopFinding): string {
  if (code === "LOOP_CALLS_EXCEEDED") return `the run has made ${limit} tool calls (loop.maxCalls)`;
  if (code === "LOOP_TOOL_EXCEEDED")
    return `the run has called ${quote(toolName)} ${limit} times (loop.maxCallsPerTool)`;
  return `the run has called ${quote(toolName)} ${limit} times with the same arguments (loop.maxRepeats)`;
}

export function rateMessage(toolName: string, rate: RateStatus | null): string {
  if (rate === null || rate.retryAfterMs === null) return unavailable(toolName);
  return `${quote(toolName)} was called as often as is allowed; not before ${duration(rate.retryAfterMs)} from now.`;
}

export function rateReason(toolName: string, holder: Subject, rate: RateStatus | null): string {
  const tool = quote(toolName);
  if (rate === null) return `calls of ${tool} cannot be counted: maxRateEntries calls are remembered already`;
  const { limit, windowMs, retryAfterMs } = rate;
  if (limit === 0) return `${tool} is limited to no call at all for ${describe(holder)}`;
  return `${describe(holder)} has used up its limit of ${tool}, ${limit} in ${duration(windowMs)}; the next call fits in ${duration(retryAfterMs ?? 0)}`;
}

const UNITS = [
  ["d", 86_400_000],
  ["h", 3_600_000],
  ["min", 60_000],
  ["s", 1_000],
] as const;

/** Rounded up to whole seconds, so that nobody comes back too early: `1 h 5 min 2 s`, `42 s`, `300 ms`. */
export function duration(ms: number): string {
  if (ms < 1_000) return `${Math.ceil(ms)} ms`;
  const parts: string[] = [];
  let rest = Math.ceil(ms / 1_000) * 1_000;
  for (const [name, unit] of UNITS) {
    const count = Math.floor(rest / unit);
    if (count > 0) parts.push(`${count} ${name}`);
    rest -= count * unit;
  }
  return parts.join(" ");
}
