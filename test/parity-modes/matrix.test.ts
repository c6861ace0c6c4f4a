import { describe, expect, it } from "vitest";
import { expectRun, thrown } from "./expect-run.js";
import { createLab, type Lab } from "./lab.js";
import { type Outcome, OUTCOMES } from "./outcomes.js";
import { byRun, type Model } from "./record.js";
import { type Route, ROUTES } from "./routes.js";

async function cell(
  route: Route,
  outcome: Outcome,
  model: Model,
): Promise<{ readonly lab: Lab; readonly error: unknown }> {
  const lab = await createLab(outcome, model);
  try {
    await route.drive(lab);
    return { lab, error: null };
  } catch (error) {
    return { lab, error };
  }
}

for (const model of ["governed", "observed"] as const)
  describe(`a model that is ${model}`, () => {
    for (const route of ROUTES.filter(({ observed }) => model === "governed" || observed === true))
      describe(route.name, () => {
        for (const outcome of OUTCOMES) {
          if (route.unable?.[outcome.name] !== undefined) continue;
          if (model === "observed" && outcome.unobserved !== undefined) continue;
          it(outcome.name, async () => {
            const { lab, error } = await cell(route, outcome, model);
            const left = await lab.settle();
            if (outcome.throws === null || (route.swallows === true && outcome.refused !== true))
              expect(error).toBe(null);
            else expect(thrown(error)).toContain(outcome.throws);
            const runs = byRun(lab.lines());
            expect(runs).toHaveLength(route.runs ?? 1);
            for (const run of runs) expectRun(run, route, outcome, model);
            expect(lab.built.tools.reduce((calls, tool) => calls + tool.callCount, 0)).toBe(
              outcome.tools * (route.runs ?? 1),
            );
            expect(left).toEqual({ heldEpochs: 0, pending: 0, open: 0 });
          });
        }
      });
  });
