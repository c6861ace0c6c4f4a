import { describe, expect, it } from "vitest";
import { expectAllowed, expectRefused } from "./expect-route.js";
import { ALLOWED, benchOf, expectTold, POLICIES } from "./policies.js";
import { kitOf, type Route } from "./route.js";
import { DIRECT } from "./routes-direct.js";
import { GRAPHS, INSIDE, STATE } from "./routes-graph.js";
import { SERVED } from "./routes-served.js";
import { TOOL } from "./tools.js";

function matrix(title: string, routes: readonly Route[]): void {
  describe(title, () => {
    for (const route of routes.filter(({ closedOver }) => closedOver !== true))
      for (const policy of [...POLICIES, ALLOWED]) {
        it(`${route.name}: ${policy.name}`, async () => {
          const bench = benchOf(policy);
          const expectRoute = policy.code === null ? expectAllowed : expectRefused;
          const calls = await expectRoute(bench, route, policy.kind ?? TOOL);
          await expectTold(bench, policy, calls);
          await bench.stack.dispose();
        });
      }
  });
}

matrix("all seven plugins, the governed tool object", DIRECT);
matrix("all seven plugins, graphs", GRAPHS);
matrix("all seven plugins, code inside a run", INSIDE);
matrix("all seven plugins, state and time", STATE);
matrix("all seven plugins, workflows from the cache, lazy tools, conditional and composite ones", SERVED);

describe("all seven plugins, what is different", () => {
  const ROUTES = [...DIRECT, ...GRAPHS, ...INSIDE, ...STATE, ...SERVED];

  for (const route of ROUTES.filter(({ closedOver }) => closedOver === true))
    it(`${route.name}: a model out of reach is refused before it asks for a tool`, async () => {
      const bench = benchOf(ALLOWED);
      await expect(route.run(kitOf(bench))).rejects.toMatchObject({ code: "MODEL_NOT_CONTROLLED" });
      expect(bench.ran).toEqual([]);
      await expectTold(bench, ALLOWED, 0);
      await bench.stack.dispose();
    });
});
