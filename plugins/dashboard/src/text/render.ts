import type { DashboardPanel } from "@graphtap/langgraph";
import type { RenderOptions, SystemHealth, UserDashboard } from "../keys.js";
import { type Group, type Table, type View, viewOf } from "./view.js";
import { shown, valueOf } from "./words.js";

type Tint = "bold" | "dim" | "red" | "green" | "yellow";
const CODES: Readonly<Record<Tint, readonly [number, number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
};

interface Canvas {
  readonly width: number;
  readonly rows: number;
  paint(tint: Tint, text: string): string;
}

const GAP = "  ";

/** A dashboard as text. Widths count characters; names are cut before they break a line. */
export function render(
  dashboard: UserDashboard | SystemHealth,
  { width = 100, color = false, rows = 8 }: RenderOptions = {},
): string {
  const canvas: Canvas = {
    width: Math.max(60, width),
    rows,
    paint: (tint, text) => (color ? `\u001B[${CODES[tint][0]}m${text}\u001B[${CODES[tint][1]}m` : text),
  };
  const lines = "healthScore" in dashboard ? systemHead(dashboard, canvas) : userHead(dashboard, canvas);
  for (const panel of dashboard.panels) lines.push("", ...panelLines(panel, canvas));
  for (const { plugin, problem } of dashboard.unavailable)
    lines.push("", canvas.paint("yellow", `! ${plugin}: ${problem}`));
  return `${lines.join("\n")}\n`;
}

function userHead({ userId, tenantId, generatedAt }: UserDashboard, { paint }: Canvas): string[] {
  const who = valueOf("", tenantId === null ? userId : `${userId} of ${tenantId}`);
  return [`${paint("bold", `User ${cut(who, 60)}`)}${GAP}${paint("dim", valueOf("", generatedAt))}`];
}

const TINTS: Readonly<Record<SystemHealth["status"], Tint>> = {
  ok: "green",
  degraded: "yellow",
  "at risk": "yellow",
  critical: "red",
  unknown: "dim",
};
const BAR = 30;

function systemHead(health: SystemHealth, { paint, width }: Canvas): string[] {
  const { healthScore: score, status, confidence, coverage, generatedAt } = health;
  const full = Math.round((score ?? 0) * BAR);
  const tint = TINTS[status];
  const lines = [
    `${paint("bold", "System health")}${GAP}${paint(tint, `${score === null ? "–" : score.toFixed(2)} ${status}`)}${GAP}` +
      `${paint(tint, "█".repeat(full))}${paint("dim", "░".repeat(BAR - full))}${GAP}${paint("dim", valueOf("", generatedAt))}`,
    paint("dim", `confidence ${valueOf("rate", confidence)}, coverage ${valueOf("rate", coverage)}`),
  ];
  const worst = health.components.toSorted((a, b) => b.lost - a.lost);
  for (const { lost, reason } of worst) {
    const points = lost > 0.005 ? paint("red", `-${lost.toFixed(2)}`) : ` ${paint("dim", "0.00")}`;
    lines.push(`  ${points}${GAP}${cut(shown(reason), width - 9)}`);
  }
  for (const { plugin, cap, reason, lost } of health.gates)
    lines.push(paint("red", `  -${lost.toFixed(2)}${GAP}${plugin}: capped at ${cap.toFixed(2)}, ${shown(reason)}`));
  for (const { plugin, status: state, detail } of health.checks)
    if (state === "degraded" || state === "failing")
      lines.push(
        paint(
          state === "failing" ? "red" : "yellow",
          `  ${plugin} is ${state}${detail === null ? "" : `: ${shown(detail)}`}`,
        ),
      );
  return lines;
}

function panelLines({ title, data }: DashboardPanel, canvas: Canvas): string[] {
  const view: View = viewOf(data, canvas.rows);
  const lines = [canvas.paint("bold", valueOf("", title))];
  for (const group of view.groups) lines.push(...figureLines(group, canvas));
  for (const table of view.tables) lines.push(...tableLines(table, canvas));
  if (lines.length === 1) lines.push(canvas.paint("dim", "  nothing yet"));
  return lines;
}

/** Figures side by side, as many as fit; a group's label stands before them. */
function figureLines({ label: group, figures }: Group, { width, paint }: Canvas): string[] {
  const name = cut(group, 24);
  const indent = " ".repeat(name === "" ? 2 : name.length + 4);
  const lines: string[] = [];
  let line = "";
  let used = 0;
  const flush = (): void => {
    const head = lines.length === 0 && name !== "" ? `  ${paint("dim", name)}  ` : indent;
    lines.push(`${head}${line}`);
    line = "";
    used = 0;
  };
  for (const [key, whole] of figures) {
    const label = cut(key, 30);
    const value = cut(whole, width - indent.length - 1 - label.length);
    const length = label.length + 1 + value.length;
    if (used > 0 && indent.length + used + 3 + length > width) flush();
    line += `${used === 0 ? "" : paint("dim", " · ")}${paint("dim", label)} ${value}`;
    used += (used === 0 ? 0 : 3) + length;
  }
  if (used > 0) flush();
  return lines;
}

function tableLines({ title, columns, rows, more }: Table, { width, paint }: Canvas): string[] {
  const natural = columns.map(({ label }, at) => Math.max(label.length, ...rows.map((row) => (row[at] ?? "").length)));
  const widths = fit(natural, width - 4);
  const cells = (row: readonly string[]): string =>
    widths
      .map((size, at) => {
        const text = cut(row[at] ?? "", size);
        return columns[at]?.right === true ? text.padStart(size) : text.padEnd(size);
      })
      .join(GAP)
      .trimEnd();
  return [
    `  ${paint("dim", title)}`,
    `    ${paint("dim", cells(columns.slice(0, widths.length).map(({ label }) => label)))}`,
    ...rows.map((row) => `    ${cells(row)}`),
    ...(more > 0 ? [paint("dim", `    and ${more} more`)] : []),
  ];
}

const NARROWEST = 12;

/** Widths that fit: the widest columns give way first; columns that still do not fit are left out, the last first. */
function fit(natural: readonly number[], width: number): readonly number[] {
  const widths = [...natural];
  const total = (): number => widths.reduce((sum, size) => sum + size, 0) + GAP.length * (widths.length - 1);
  while (total() > width) {
    const widest = Math.max(...widths);
    if (widest > NARROWEST) widths[widths.indexOf(widest)] = Math.max(NARROWEST, widest - 1);
    else widths.pop();
  }
  return widths;
}

const cut = (text: string, size: number): string => (text.length <= size ? text : `${text.slice(0, size - 1)}…`);
