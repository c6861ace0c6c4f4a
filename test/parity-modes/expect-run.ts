import { expect } from "vitest";
import type { Lab } from "./lab.js";
import type { Outcome } from "./outcomes.js";
import { byRun, label, type Line, type Model } from "./record.js";
import type { Route } from "./routes.js";

const PAIRS: Readonly<Record<string, string>> = {
  "run.start": "run.end",
  "node.start": "node.end",
  "model.start": "model.end",
  "tool.start": "tool.end",
};

/** Every start has its end, once, and the other way round. */
function expectPairs(lines: readonly Line[]): void {
  for (const [start, end] of Object.entries(PAIRS)) {
    const ids = (hook: string): string[] =>
      lines
        .filter((line) => line.hook === hook)
        .map((line) => `${line.subject} ${line.id}`)
        .toSorted();
    expect(ids(end), `${end} of ${start}`).toEqual(ids(start));
    expect(new Set(ids(start)).size, `${start} twice`).toBe(ids(start).length);
  }
}

/** What is said after the run's end is late, and nothing else is. */
function expectLateness(lines: readonly Line[]): void {
  const over = lines.findIndex((line) => line.hook === "run.end");
  for (const [index, line] of lines.entries())
    expect(line.late, `${label(line)} is line ${index}, the run ended at ${over}`).toBe(index > over);
}

const sum = (lines: readonly Line[], part: "input" | "output" | "total" | "cacheRead"): number | null =>
  lines.reduce<number | null>(
    (all, { hook, usage }) =>
      hook !== "model.end" || usage === null || usage[part] === null ? all : (all ?? 0) + usage[part],
    null,
  );

/** What of a route shows in its events. */
export interface Shape {
  /** Nodes that the route puts around the workflow. */
  readonly around?: readonly string[];
  readonly resumed?: true;
  /** Nodes are not compared: each kind of workflow has its own. */
  readonly nodes?: false;
  /** Two branches run side by side: what one says may come before or after what the other says. */
  readonly beside?: true;
}

/** Holds the events of one run to its outcome. */
export function expectRun(lines: readonly Line[], route: Shape, outcome: Outcome, model: Model): void {
  const own = lines.filter(
    (line) =>
      !(
        line.hook.startsWith("node.") &&
        (route.nodes === false || route.around?.includes(line.subject ?? "") === true)
      ),
  );
  const said = own.filter((line) => line.hook !== "run.resume").map(label);
  if (route.beside === true) {
    expect([said[0], said.at(-1)]).toEqual([outcome.golden[0], outcome.golden.at(-1)]);
    expect(said.toSorted()).toEqual(outcome.golden.toSorted());
  } else expect(said).toEqual(outcome.golden);
  expect(own.filter((line) => line.hook === "run.resume").length).toBe(route.resumed === true ? 1 : 0);
  expectPairs(lines);
  expectLateness(lines);
  const user = outcome.user === undefined ? "alice" : outcome.user;
  expect([...new Set(lines.map((line) => line.principal))]).toEqual([user]);
  const end = lines.find((line) => line.hook === "run.end");
  expect(end?.usage).toEqual(outcome.usage);
  for (const part of ["input", "output", "total", "cacheRead"] as const)
    expect(sum(lines, part), part).toBe(outcome.usage?.[part] ?? null);
  for (const line of lines) if (line.hook === "model.end") expect(line.coverage).toBe(model);
  if (route.resumed === true) expect(new Set(lines.map((line) => line.resumedFrom)).size).toBe(1);
}

/** The code or name of what was thrown at the caller. */
export function thrown(error: unknown): readonly unknown[] {
  const seen = error as { code?: unknown; lc_error_code?: unknown; name?: unknown } | null;
  return [seen?.code, seen?.lc_error_code, seen?.name].filter((part) => typeof part === "string");
}

/** Drives one cell of the matrix and holds what was thrown, every run and what is left behind to its outcome. */
export async function expectCell(lab: Lab, route: Route & Shape, outcome: Outcome, model: Model): Promise<void> {
  const error: unknown = await route.drive(lab).then(
    () => null,
    (reason: unknown) => reason,
  );
  const left = await lab.settle();
  if (outcome.throws === null || (route.swallows === true && outcome.refused !== true)) expect(error).toBe(null);
  else expect(thrown(error)).toContain(outcome.throws);
  const runs = byRun(lab.lines());
  expect(runs).toHaveLength(route.runs ?? 1);
  for (const run of runs) expectRun(run, route, outcome, model);
  expect(lab.built.tools.reduce((calls, tool) => calls + tool.callCount, 0)).toBe(outcome.tools * (route.runs ?? 1));
  expect(left).toEqual({ heldEpochs: 0, pending: 0, open: 0 });
}
