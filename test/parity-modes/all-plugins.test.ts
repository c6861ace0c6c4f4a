import { describe, it } from "vitest";
import { allPlugins, expectAllTold, expectTold, grantAll } from "./all-plugins.js";
import { expectCell } from "./expect-run.js";
import { createLab } from "./lab.js";
import { OUTCOMES } from "./outcomes.js";
import { byRun } from "./record.js";
import { ROUTES } from "./routes.js";

/** One route of each kind; every outcome runs through all of them. */
const CHOSEN: ReadonlySet<string> = new Set([
  "invoke",
  "stream updates",
  "stream messages",
  "stream all modes",
  "stream as server-sent events",
  "streamEvents v2",
  "streamEvents v3",
  "streamEvents v3, output only",
  "a subgraph, invoke",
  "a subgraph, stream all modes, subgraphs",
  "a subgraph, streamEvents v2",
  "called in a node, invoke",
  "a node of a graph that is not wrapped, invoke",
  "resume, invoke",
  "resume, stream all modes",
  "resume, streamEvents v3",
  "resume, a subgraph, invoke",
  "batch of two",
  "withConfig(as), stream updates",
]);
const OBSERVED: ReadonlySet<string> = new Set(["invoke", "stream messages", "streamEvents v2", "batch of two"]);

// Compression and the content filter control models: with them in place a closed-over model is refused, unless the stack reports.
for (const model of ["governed", "observed"] as const)
  describe(`all seven plugins, a model that is ${model}`, () => {
    for (const route of ROUTES.filter(({ name }) => (model === "governed" ? CHOSEN : OBSERVED).has(name)))
      describe(route.name, () => {
        for (const outcome of OUTCOMES) {
          if (route.unable?.[outcome.name] !== undefined) continue;
          if (model === "observed" && outcome.unobserved !== undefined) continue;
          it(outcome.name, async () => {
            const lab = await createLab(outcome, model, allPlugins(), "report");
            grantAll(lab.stack);
            await expectCell(lab, route, outcome, model);
            for (const run of byRun(lab.lines())) expectTold(lab.stack, run);
            await expectAllTold(lab.stack, lab.lines());
            await lab.stack.dispose();
          });
        }
      });
  });
