import { ToolMessage } from "@langchain/core/messages";
import { DeniedError, isDenied } from "@graphtap/langgraph";
import { expect } from "vitest";
import type { Bench } from "./bench.js";
import { kitOf, type Route } from "./route.js";
import type { ToolKind } from "./tools.js";

/** Every ToolMessage in what a route gave, wherever it sits. */
function toolMessages(value: unknown, found: ToolMessage[] = [], seen = new Set<unknown>()): ToolMessage[] {
  if (typeof value !== "object" || value === null || seen.has(value)) return found;
  seen.add(value);
  if (ToolMessage.isInstance(value)) found.push(value);
  else for (const inner of Object.values(value)) toolMessages(inner, found, seen);
  return found;
}

async function outcomeOf(bench: Bench, route: Route, kind: ToolKind): Promise<{ value: unknown; error: unknown }> {
  try {
    return { value: await bench.settle(route.run(kitOf(bench, kind))), error: null };
  } catch (error) {
    return { value: null, error };
  }
}

/** Takes a route whose target is refused. Gives how often it was called. */
export async function expectRefused(bench: Bench, route: Route, kind: ToolKind): Promise<number> {
  const { cause } = bench;
  const { value, error } = await outcomeOf(bench, route, kind);
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
    return calls;
  }
  expect(error).toBe(null);
  const messages = toolMessages(value).filter(isDenied);
  expect(messages).toHaveLength(calls);
  for (const message of messages) {
    expect(message.status).toBe("error");
    expect(message.content).toContain(`${cause.code}: `);
    expect(JSON.stringify(message)).not.toMatch(/secret detail|grant-table/);
  }
  return calls;
}

/** Takes a route whose target may run. Gives how often it was called. */
export async function expectAllowed(bench: Bench, route: Route, kind: ToolKind): Promise<number> {
  const { value, error } = await outcomeOf(bench, route, kind);
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
  return calls;
}
