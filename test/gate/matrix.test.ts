import { describe, it } from "vitest";
import { ALLOW, type Cause, CAUSES, createBench } from "./bench.js";
import { expectAllowed, expectRefused } from "./expect-route.js";
import type { Route } from "./route.js";
import { DIRECT, SHORT } from "./routes-direct.js";
import { GRAPHS, INSIDE, STATE } from "./routes-graph.js";
import { KINDS, TOOL, type ToolKind } from "./tools.js";

function refused(route: Route, kind: ToolKind, causes: readonly Cause[]): void {
  for (const cause of causes)
    it(`${route.name}: ${cause.name}`, async () => {
      await expectRefused(createBench(cause), route, kind);
    });
}

function allowed(route: Route, kind: ToolKind): void {
  it(`${route.name}: ${ALLOW.name}`, async () => {
    await expectAllowed(createBench(ALLOW), route, kind);
  });
}

function matrix(
  title: string,
  routes: readonly Route[],
  kind: ToolKind = TOOL,
  causes: readonly Cause[] = CAUSES,
): void {
  describe(title, () => {
    for (const route of routes) {
      refused(route, kind, causes);
      allowed(route, kind);
    }
  });
}

matrix("the governed tool object", DIRECT);
matrix("graphs", GRAPHS);
matrix("code inside a run", INSIDE);
matrix("state and time", STATE);
// The causes fall before the tool is touched, so each kind needs only those that touch its arguments or its reservation.
const TOUCHING = CAUSES.filter(({ name }) => name === "no grant" || name === "no room" || name.startsWith("arguments"));
for (const kind of KINDS) matrix(`kind of tool: ${kind.name}`, [...SHORT, ...GRAPHS.slice(0, 2)], kind, TOUCHING);
// It is a binding, whose methods go to what is bound and not to its own `invoke`.
for (const kind of KINDS.filter(({ name }) => name === "runnable as tool"))
  matrix(
    `every method of a ${kind.name}`,
    DIRECT.filter(({ name }) => !name.startsWith("the base class's")),
    kind,
    CAUSES.slice(0, 1),
  );
