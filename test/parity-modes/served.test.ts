import { Command } from "@langchain/langgraph";
import { perf } from "graphtap";
import { describe, expect, it } from "vitest";
import { allPlugins, expectAllTold, expectTold, grantAll } from "./all-plugins.js";
import { expectCell, type Shape } from "./expect-run.js";
import type { OutcomeName } from "./golden.js";
import { createLab } from "./lab.js";
import { type Outcome, OUTCOMES } from "./outcomes.js";
import { byRun } from "./record.js";
import { type Route, ROUTES, type Way, WAYS } from "./routes.js";
import { outcomeOf, serve, type Served, SERVED } from "./served.js";
import { USAGE } from "./workflow.js";

/** A breakpoint before the first node, and the run that goes on from there. */
const resumed = (way: Way): Route => ({
  name: `resume, ${way.name}`,
  resumed: true,
  unable: way.stays === undefined ? {} : { "early break": way.stays },
  async drive(lab) {
    await lab.graph.invoke(lab.input(), { ...lab.config({ preparing: true }), interruptBefore: "*" });
    lab.forget();
    return way.take(lab, lab.graph, null, lab.config());
  },
});
/** Those of these names that this version of LangGraph has. */
const ways = (...names: readonly string[]): readonly Way[] => WAYS.filter(({ name }) => names.includes(name));
const CHOSEN: ReadonlySet<string> = new Set([
  "invoke",
  "stream updates",
  "stream messages",
  "stream all modes, subgraphs",
  "streamEvents v2",
  "streamEvents v3",
  "batch of two",
]);
const DRIVEN = [
  ...ROUTES.filter(({ name }) => CHOSEN.has(name)),
  ...ways("invoke", "stream messages", "streamEvents v3").map(resumed),
];

const LEFT_OUT: Partial<Record<OutcomeName, string>> = {
  retried: "the node of a created workflow has no retry policy",
  "tool error, not handled": "its ToolNode handles errors",
  paused: "it has no gate; the resumed routes pause at a breakpoint",
};

async function expectServed(served: Served, route: Route, outcome: Outcome): Promise<void> {
  const lab = await serve(await createLab(outcome, "governed", allPlugins()), served);
  grantAll(lab.stack);
  const shape: Shape = served.beside === true ? { nodes: false, beside: true } : { nodes: false };
  await expectCell(lab, { ...route, ...shape }, outcome, "governed");
  for (const lines of byRun(lab.lines())) expectTold(lab.stack, lines);
  await expectAllTold(lab.stack, lab.lines());
  await lab.stack.dispose();
}

for (const served of SERVED)
  describe(`a workflow ${served.name}, with all seven plugins`, () => {
    for (const route of DRIVEN)
      describe(route.name, () => {
        for (const given of OUTCOMES) {
          if (LEFT_OUT[given.name] !== undefined || route.unable?.[given.name] !== undefined) continue;
          // Nothing is streamed in this mode before the member is done, so nobody can leave meanwhile.
          if (given.driver === "leave" && served.silent === true && route.name === "stream updates") continue;
          it(given.name, () => expectServed(served, route, outcomeOf(served, given)));
        }
      });

    describe("goes on where it waited for a person", () => {
      const usage = { ...USAGE.answers, total: 27, cacheWrite: null, reasoning: null };
      for (const { type, tools, golden } of [
        { type: "approve", tools: 1, golden: ["tool.start wire", "tool.end wire ok"] },
        { type: "reject", tools: 0, golden: ["tool.denied wire APPROVAL_REJECTED"] },
      ])
        for (const way of ways("invoke", "stream messages", "streamEvents v2", "streamEvents v3"))
          it(`${type}, ${way.name}`, () => {
            const answered: Outcome = {
              name: "ok",
              topic: "asked tool",
              golden: ["run.start", ...golden, "model.start", "model.end ok", "run.end ok"],
              usage,
              tools,
              throws: null,
            };
            // The member beside came to its end before the pause, and does not run again.
            const outcome = served.beside === true ? answered : outcomeOf(served, answered);
            const route: Route = {
              name: way.name,
              resumed: true,
              async drive(lab) {
                await lab.graph.invoke(lab.input(), lab.config());
                lab.forget();
                return way.take(lab, lab.graph, new Command({ resume: { decisions: [{ type }] } }), lab.config());
              },
            };
            return expectServed(served, route, outcome);
          });
    });
  });

it.each([
  ["ok", "search", true],
  ["denied tool", "refund", false],
] as const)(
  "a lazy tool is loaded by its first call, never for one that is refused: %s",
  async (name, tool, loaded) => {
    const outcome = OUTCOMES.find((one) => one.name === name) as Outcome;
    const lazy = SERVED.find((one) => one.name === "with lazy tools") as Served;
    const lab = await serve(await createLab(outcome, "governed", allPlugins()), lazy);
    grantAll(lab.stack);
    const { tools } = lab.stack.get(perf);
    const all = lab.built.tools.map((one) => one.name);
    expect(all.filter((one) => tools.isLoaded(one))).toEqual([]);
    await lab.graph.invoke(lab.input(), lab.config());
    expect(all.filter((one) => tools.isLoaded(one))).toEqual(loaded ? [tool] : []);
    await lab.stack.dispose();
  },
);
