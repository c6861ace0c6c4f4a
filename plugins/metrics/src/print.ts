import type { DenialRow, MetricsReport, ModelRow, ToolRow } from "./report.js";

/** Where the second column of the head begins. */
const INDENT = 36;
/** Rows printed of each sort; the data has all. */
const MOST_TOOLS = 20;
const MOST_MODELS = 10;
const MOST_DENIALS = 5;

/** The table of a report. Names are shortened and stripped of control characters: they may come from anywhere. */
export function printReport(report: MetricsReport): string {
  const head = `runs  ${runsText(report)}`;
  const models = report.models.slice(0, MOST_MODELS).map(modelText);
  if (report.models.length > MOST_MODELS) models.push(`and ${report.models.length - MOST_MODELS} more models`);
  const first = `${head.padEnd(INDENT - 2)}  tokens  ${models[0] ?? "none"}`;
  const lines = [first, ...models.slice(1).map((text) => `${" ".repeat(INDENT)}        ${text}`)];
  if (report.tools.length > 0) lines.push(...toolLines(report.tools, report.denials));
  if (report.dropped > 0) lines.push(`${numberText(report.dropped)} older runs are no longer kept`);
  return lines.join("\n");
}

function runsText({ runs, directCalls }: MetricsReport): string {
  const states = ["ok", "error", "cancelled", "paused", "denied", "abandoned", "running"] as const;
  const parts = states.flatMap((state) => (runs[state] > 0 ? [`${numberText(runs[state])} ${state}`] : []));
  if (directCalls > 0) parts.push(`${numberText(directCalls)} direct`);
  return parts.length === 0 ? "none" : parts.join(", ");
}

function modelText({ provider, model, calls, tokens, unreported, cost }: ModelRow): string {
  const name = `${printable(provider ?? "unknown")}/${printable(model ?? "unknown")}`;
  const missing = unreported === 0 ? "" : `   (${unreported} of ${calls} calls reported none)`;
  const price = cost === null ? "n/a (no price)" : String(cost);
  return `${name}  in ${numberText(tokens.input)}  out ${numberText(tokens.output)}   cost ${price}${missing}`;
}

function toolLines(tools: readonly ToolRow[], denials: readonly DenialRow[]): string[] {
  const shown = tools.slice(0, MOST_TOOLS);
  const columns = shown.map((row) => [
    printable(row.name),
    ...[row.calls, row.ok, row.failed, row.denied].map(numberText),
    durationText(row.p50Ms),
  ]);
  const title = ["tool", "calls", "ok", "failed", "denied", "p50"];
  const least = [7, 5, 2, 6, 6, 5];
  const widths = title.map((text, i) =>
    Math.max(least[i] ?? 0, text.length, ...columns.map((row) => row[i]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row.map((text, i) => (i === 0 ? text.padEnd(widths[i] ?? 0) : text.padStart(widths[i] ?? 0))).join("  ");
  const head = line(title) + (denials.length === 0 ? "" : `       who denied: ${deniedText(denials)}`);
  const more = tools.length > MOST_TOOLS ? [`and ${tools.length - MOST_TOOLS} more tools`] : [];
  return [head, ...columns.map(line), ...more];
}

/** By person and code, whatever the tool. */
function deniedText(denials: readonly DenialRow[]): string {
  const counts = new Map<string, { text: string; count: number }>();
  for (const { who, tenantId, code, count } of denials) {
    const key = JSON.stringify([who, tenantId, code]);
    const name = tenantId === null ? printable(who) : `${printable(who)} of ${printable(tenantId)}`;
    const known = counts.get(key)?.count ?? 0;
    counts.set(key, { text: `${name} ${numberText(known + count)} (${printable(code)})`, count: known + count });
  }
  const texts = [...counts.values()].sort((a, b) => b.count - a.count).map(({ text }) => text);
  const more = texts.length > MOST_DENIALS ? [`and ${texts.length - MOST_DENIALS} more`] : [];
  return [...texts.slice(0, MOST_DENIALS), ...more].join(", ");
}

const numberText = (value: number | null): string => (value === null ? "n/a" : value.toLocaleString("en-US"));

function durationText(ms: number | null): string {
  if (ms === null) return "n/a";
  if (ms > 0 && ms < 1) return "<1 ms";
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  return ms < 60_000 ? `${(ms / 1_000).toFixed(1)} s` : `${(ms / 60_000).toFixed(1)} min`;
}

/** Controls and invisible formatting could move the cursor or hide a name. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu;
const LONGEST_NAME = 60;

function printable(name: string): string {
  const clean = name.slice(0, LONGEST_NAME + 1).replace(HIDDEN, "?");
  return clean.length > LONGEST_NAME ? `${clean.slice(0, LONGEST_NAME - 1)}…` : clean;
}
