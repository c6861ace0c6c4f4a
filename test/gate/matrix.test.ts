import { ToolMessage } from "@langchain/core/messages";
import { DeniedError, isDenied } from "@graphtap/langgraph";
import { describe, expect, it } from "vitest";
import { ALLOW, type Bench, type Cause, CAUSES, createBench } from "./bench.js";
import { kitOf, type Route } from "./route.js";
import { DIRECT, SHORT } from "./routes-direct.js";
import { GRAPHS, INSIDE, STATE } from "./routes-graph.js";
import { KINDS, TOOL, type ToolKind } from "./tools.js";

/** Every ToolMessage in what a route gave, wherever it sits. */
function toolMessages(value: unknown, found: ToolMessage[] = [], seen = new Set<unknown>()): ToolMessage[] {
  if (typeof value !== "object" || value === null || seen.has(value)) return found;
  seen.add(value);
  if (ToolMessage.isInstance(value)) found.push(value);
  else for (const inner of Object.values(value)) toolMessages(inner, found, seen);
  return found;
}

async function outcome(bench: Bench, route: Route, kind: ToolKind): Promise<{ value: unknown; error: unknown }> {
  try {
    return { value: await bench.settle(route.run(kitOf(bench, kind))), error: null };
  } catch (error) {
    return { value: null, error };
  }
}

function refused(route: Route, kind: ToolKind, causes: readonly Cause[]): void {
  for (const cause of causes)
    it(`${route.name}: ${cause.name}`, async () => {
      const bench = createBench(cause);
      const { value, error } = await outcome(bench, route, kind);
      const calls = route.nested === true && cause.anonymous === true ? 0 : (route.calls ?? 1);
      const { seen } = bench;

      expect(bench.ran, "the tool ran").toEqual([]);
      expect(seen.started).toEqual([]);
      expect(seen.ended).toEqual([]);
      expect(seen.denied.map(({ code }) => code)).toEqual(new Array(calls).fill(cause.code));
      expect(new Set(seen.denied.map(({ executionId }) => executionId)).size).toBe(calls);
      expect(seen.taken - seen.released, "quota held").toBe(0);
      expect(seen.settled).toBe(0);

      if (route.denial === "error") {
        expect(DeniedError.isDenied(error), String(error)).toBe(true);
        expect((error as DeniedError).code).toBe(cause.code);
        return;
      }
      expect(error).toBe(null);
      const messages = toolMessages(value).filter(isDenied);
      expect(messages).toHaveLength(calls);
      for (const message of messages) {
        expect(message.status).toBe("error");
        expect(message.content).toContain(`${cause.code}: `);
        expect(JSON.stringify(message)).not.toMatch(/secret detail|grant-table/);
      }
    });
}

function allowed(route: Route, kind: ToolKind): void {
  it(`${route.name}: ${ALLOW.name}`, async () => {
    const bench = createBench(ALLOW);
    const { value, error } = await outcome(bench, route, kind);
    const calls = route.calls ?? 1;
    const { seen } = bench;
    expect(error).toBe(null);
    expect({
      ran: bench.ran.length,
      judged: seen.judged,
      taken: seen.taken,
      settled: seen.settled,
      released: seen.released,
      ended: seen.ended,
      denied: seen.denied,
    }).toEqual({
      ran: calls,
      judged: calls,
      taken: calls,
      settled: calls,
      released: 0,
      ended: new Array(calls).fill("ok"),
      denied: [],
    });
    expect(JSON.stringify(value)).toContain(kind.shows);
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
