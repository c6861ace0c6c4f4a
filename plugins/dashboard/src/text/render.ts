import type { DashboardPanel } from "@graphtap/langgraph";
import type { RenderOptions, SystemHealth, UserDashboard } from "../keys.js";
import { tableText } from "./table.js";
import { type Group, type Table, type View, viewOf } from "./view.js";
import { columnsOf, cut } from "./width.js";
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

/** A dashboard as text. Widths count columns of a terminal; names are cut before they break a line. */
export function render(
  dashboard: UserDashboard | SystemHealth,
  { width = 100, color = false, rows = 8 }: RenderOptions = {},
): string {
  const canvas: Canvas = {
    width: Math.max(60, Number.isNaN(width) ? 100 : width),
    rows,
    paint: (tint, text) => (color ? `\u001B[${CODES[tint][0]}m${text}\u001B[${CODES[tint][1]}m` : text),
  };
  const lines = "healthScore" in dashboard ? systemHead(dashboard, canvas) : userHead(dashboard, canvas);
  for (const panel of dashboard.panels) lines.push("", ...panelLines(panel, canvas));
  for (const { plugin, problem } of dashboard.unavailable)
    lines.push("", canvas.paint("yellow", cut(`! ${plugin}: ${problem}`, canvas.width)));
  return `${lines.join("\n")}\n`;
}

function userHead({ userId, tenantId, generatedAt }: UserDashboard, { paint, width }: Canvas): string[] {
  const who = valueOf("", tenantId === null ? userId : `${userId} of ${tenantId}`);
  const time = valueOf("", generatedAt);
  const room = Math.min(60, width - "User ".length - GAP.length - time.length);
  return [`${paint("bold", `User ${cut(who, room)}`)}${GAP}${paint("dim", time)}`];
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
  const tint = TINTS[status];
  const label = `${score === null ? "–" : score.toFixed(2)} ${status}`;
  const time = valueOf("", generatedAt);
  // A narrow terminal takes its room from the bar.
  const others = "System health".length + label.length + time.length + 3 * GAP.length;
  const bar = Math.max(1, Math.min(BAR, width - others));
  const full = Math.round((score ?? 0) * bar);
  const lines = [
    `${paint("bold", "System health")}${GAP}${paint(tint, label)}${GAP}` +
      `${paint(tint, "█".repeat(full))}${paint("dim", "░".repeat(bar - full))}${GAP}${paint("dim", time)}`,
    paint("dim", `confidence ${valueOf("rate", confidence)}, coverage ${valueOf("rate", coverage)}`),
  ];
  const worst = health.components.toSorted((a, b) => b.lost - a.lost);
  for (const { lost, score: own, reason } of worst) {
    // Of what is not known nothing is lost, and nothing is well either.
    const none = ` ${paint("dim", own === null ? "   –" : "  ok")}`;
    const points = lost > 0.005 ? paint("red", `-${lost.toFixed(2)}`) : none;
    lines.push(`  ${points}${GAP}${cut(shown(reason), width - 9)}`);
  }
  for (const { plugin, cap, reason, lost } of health.gates)
    lines.push(
      paint("red", cut(`  -${lost.toFixed(2)}${GAP}${plugin}: capped at ${cap.toFixed(2)}, ${shown(reason)}`, width)),
    );
  for (const { plugin, status: state, detail } of health.checks)
    if (state === "degraded" || state === "failing")
      lines.push(
        paint(
          state === "failing" ? "red" : "yellow",
          cut(`  ${plugin} is ${state}${detail === null ? "" : `: ${shown(detail)}`}`, width),
        ),
      );
  return lines;
}

function panelLines({ title, data }: DashboardPanel, canvas: Canvas): string[] {
  const view: View = viewOf(data, canvas.rows);
  const lines = [canvas.paint("bold", cut(valueOf("", title), canvas.width))];
  for (const group of view.groups) lines.push(...figureLines(group, canvas));
  for (const table of view.tables) lines.push(...tableLines(table, canvas));
  if (lines.length === 1) lines.push(canvas.paint("dim", "  nothing yet"));
  return lines;
}

/** Figures side by side, as many as fit; a group's label stands before them. */
function figureLines({ label: group, figures }: Group, { width, paint }: Canvas): string[] {
  const name = cut(group, 24);
  const indent = " ".repeat(name === "" ? 2 : columnsOf(name) + 4);
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
    const value = cut(whole, width - indent.length - 1 - columnsOf(label));
    const length = columnsOf(label) + 1 + columnsOf(value);
    if (used > 0 && indent.length + used + 3 + length > width) flush();
    line += `${used === 0 ? "" : paint("dim", " · ")}${paint("dim", label)} ${value}`;
    used += (used === 0 ? 0 : 3) + length;
  }
  if (used > 0) flush();
  return lines;
}

function tableLines({ title, columns, rows, more }: Table, { width, paint }: Canvas): string[] {
  const { lines, left } = tableText(columns, rows, width - INDENT.length);
  return [
    `  ${paint("dim", cut(title, width - 2))}`,
    ...lines.map(({ text, isHead }) => `${INDENT}${isHead ? paint("dim", text) : text}`),
    ...(left.length > 0 ? [paint("dim", cut(`${INDENT}no room for ${left.join(", ")}`, width))] : []),
    ...(more > 0 ? [paint("dim", `${INDENT}and ${more} more`)] : []),
  ];
}

const INDENT = "    ";
