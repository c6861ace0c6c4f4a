import { describe, it } from "vitest";
import { expectCell } from "./expect-run.js";
import { createLab } from "./lab.js";
import { OUTCOMES } from "./outcomes.js";
import { ROUTES } from "./routes.js";

for (const model of ["governed", "observed"] as const)
  describe(`a model that is ${model}`, () => {
    for (const route of ROUTES.filter(({ observed }) => model === "governed" || observed === true))
      describe(route.name, () => {
        for (const outcome of OUTCOMES) {
          if (route.unable?.[outcome.name] !== undefined) continue;
          if (model === "observed" && outcome.unobserved !== undefined) continue;
          it(outcome.name, async () => {
            await expectCell(await createLab(outcome, model), route, outcome, model);
          });
        }
      });
  });
