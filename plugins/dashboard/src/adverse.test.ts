import { createStack, definePlugin, type HealthCheck, hooks, type PluginInput } from "@graphtap/langgraph";
import { fakeClock } from "@graphtap/testkit";
import { describe, expect, it } from "vitest";
import { healthScore } from "./health/score.js";
import { dashboard } from "./plugin.js";
import { render } from "./text/render.js";

const windows = [{ windowMs: 3_600_000, good: 100, valid: 100 }];
const indicator = { id: "a", title: "A", objective: 0.99, weight: 1, windows };
const good: HealthCheck = { id: "good", status: "ok", indicators: [indicator] };
/** A plugin in plain JavaScript, which no type holds back. */
const checking = (name: string, answer: () => unknown): PluginInput =>
  definePlugin({
    name,
    version: "1.0.0",
    identity: "none",
    setup: (api) => api.tap(hooks.health.check, answer as () => HealthCheck),
  })();
function lab(...plugins: PluginInput[]) {
  const stack = createStack({ plugins: [dashboard(), ...plugins], clock: fakeClock("2026-01-01T00:00:00Z") });
  return stack.get(dashboard);
}

describe("health answers of anybody", () => {
  it.each<[string, () => unknown]>([
    ["null", () => null],
    ["a text", () => "fine"],
    ["indicators that are no list", () => ({ id: "x", status: "ok", indicators: { a: 1 } })],
    ["an indicator that is none", () => ({ id: "x", status: "ok", indicators: [null] })],
    ["windows that are no list", () => ({ id: "x", status: "ok", indicators: [{ ...indicator, windows: null }] })],
    ["an unknown status", () => ({ id: "x", status: "great" })],
    ["a gate that is a text", () => ({ id: "x", status: "ok", gate: "closed" })],
    [
      "a getter that throws",
      () => ({
        id: "x",
        get status() {
          throw new Error("getter");
        },
      }),
    ],
  ])("%s takes nobody else's dashboard away, and is told", async (_what, answer) => {
    const health = await lab(
      checking("acme", answer),
      checking("good", () => good),
    ).getSystemHealth();
    expect(health).toMatchObject({ healthScore: 1, status: "ok" });
    expect(health.unavailable).toEqual([{ plugin: "acme", problem: "not plain data" }]);
    expect(health.checks.map(({ plugin, status }) => [plugin, status])).toEqual([
      ["acme", "failing"],
      ["good", "ok"],
    ]);
  });

  it("null for what there is none of caps nothing", async () => {
    const health = await lab(
      checking("acme", () => ({ ...good, detail: null, gate: null })),
      checking("bare", () => ({ id: "bare", status: "ok", indicators: null })),
    ).getSystemHealth();
    expect(health).toMatchObject({ healthScore: 1, gates: [], unavailable: [] });
  });

  it("no weight, however large, turns the score into nothing or hides what is ill", () => {
    const ill = { ...indicator, id: "ill", windows: [{ windowMs: 3_600_000, good: 0, valid: 100 }] };
    const check = { id: "x", status: "ok" as const, indicators: [1, 2].map(() => ({ ...ill, weight: 1e308 })) };
    const { score, components } = healthScore([
      { plugin: "p", check },
      { plugin: "q", check: { ...check, indicators: [ill] } },
    ]);
    expect(score).toBeLessThan(0.1);
    expect(components.map(({ id }) => id)).toEqual(["q.ill"]);
  });
});

describe("rendering", () => {
  const nasty = "\u001B[31mred\u0007\u202Eevil\u2028line";
  const unclean = /[^\P{Cc}\n]|[\p{Cf}\p{Zl}\p{Zp}]/u;

  it("obeys no control character, wherever a plugin or a name brings it in", async () => {
    const plugin = definePlugin({
      name: "acme",
      version: "1.0.0",
      identity: "none",
      setup(api) {
        api.tap(hooks.health.check, () => ({
          id: "acme",
          status: "failing" as const,
          detail: nasty,
          indicators: [{ ...indicator, title: nasty }],
          gate: { cap: 0.2, reason: nasty },
        }));
        api.tap(hooks.dashboard.collect, () => ({
          id: "acme",
          title: nasty,
          version: 1,
          data: {
            workflowTypes: { [nasty]: 3, plain: 1 },
            byName: { [nasty]: { [nasty]: 1 }, b: { [nasty]: 2 } },
            rows: [{ [nasty]: nasty }],
          },
        }));
      },
    })();
    const service = lab(plugin);
    expect(service.render(await service.getSystemHealth())).not.toMatch(unclean);
    expect(service.render(await service.getUserDashboard({ userId: nasty, tenantId: nasty }))).not.toMatch(unclean);
  });

  it("gives figures inside of a cell the unit of the cell", () => {
    const windows = [{ windowMs: 60_000, heapUsedBytes: { first: 65_759_288, last: 72_384_984 } }];
    const shown = render({
      version: 1,
      generatedAt: "2026-01-01T00:00:00.000Z",
      userId: "alice",
      tenantId: null,
      panels: [{ id: "a", title: "A", version: 1, data: { memory: { windows } } }],
      unavailable: [],
    });
    expect(shown).toContain("first 62.7 MiB, last 69 MiB");
  });

  it("draws any number under any name", () => {
    const data = Object.fromEntries(
      ["startedAt", "from", "to", "sizeBytes", "waitMs", "rate", "nanoUsd", "count"].flatMap((key) =>
        [1e12, 9e15, 1e300, -1e300, 0, -0, 5e-324].map((value, at) => [`${at}_${key}`, value]),
      ),
    );
    const drawn = render({
      version: 1,
      generatedAt: "2026-01-01T00:00:00.000Z",
      userId: "alice",
      tenantId: null,
      panels: [{ id: "a", title: "A", version: 1, data }],
      unavailable: [],
    });
    expect(drawn).toContain("2001-09-09");
  });
});
