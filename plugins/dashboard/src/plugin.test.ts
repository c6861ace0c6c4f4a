import { createStack, definePlugin, hooks, type DashboardPanel, type PluginInput } from "@graphtap/langgraph";
import { fakeClock } from "@graphtap/testkit";
import { describe, expect, it } from "vitest";
import { dashboard } from "./plugin.js";

const answering = (name: string, panel: () => DashboardPanel | Promise<DashboardPanel>): PluginInput =>
  definePlugin({
    name,
    version: "1.0.0",
    identity: "none",
    setup: (api) => api.tap(hooks.dashboard.collect, panel),
  })();
const panel = (id: string, data: Record<string, unknown> = { calls: 1 }): DashboardPanel => ({
  id,
  title: id,
  version: 1,
  data,
});
function lab(...plugins: PluginInput[]) {
  const stack = createStack({ plugins: [dashboard(), ...plugins], clock: fakeClock("2026-01-01T00:00:00Z") });
  return { stack, service: stack.get(dashboard) };
}

describe("dashboard()", () => {
  it("works with nobody to ask: no panel, and a health that is unknown and not zero", async () => {
    const { service } = lab();
    expect(await service.getUserDashboard("demo_user")).toEqual({
      version: 1,
      userId: "demo_user",
      tenantId: null,
      generatedAt: "2026-01-01T00:00:00.000Z",
      panels: [],
      unavailable: [],
    });
    expect(await service.getSystemHealth()).toMatchObject({ healthScore: null, status: "unknown", components: [] });
  });

  it("asks for one user of one tenant, and fills sections from the plugins they are of", async () => {
    const scopes: unknown[] = [];
    const metrics = definePlugin({
      name: "metrics",
      version: "1.0.0",
      identity: "none",
      setup: (api) =>
        api.tap(hooks.dashboard.collect, (scope) => {
          scopes.push(scope);
          return panel("metrics", { totalExecutions: 3 });
        }),
    })();
    const { service } = lab(
      metrics,
      answering("acme-billing", () => panel("billing", { open: 2 })),
    );
    const shown = await service.getUserDashboard({ userId: "alice", tenantId: "acme", roles: ["agent"] });
    expect(scopes).toEqual([{ kind: "user", userId: "alice", tenantId: "acme", roles: ["agent"] }]);
    expect(shown.workflowMetrics).toEqual({ totalExecutions: 3 });
    expect(shown.panels.map(({ id }) => id)).toEqual(["metrics", "billing"]);
    expect(shown).not.toHaveProperty("permissions");
  });

  it("lets nobody speak in the name of another plugin", async () => {
    const { service } = lab(
      answering("acme-impostor", () => panel("security", { everything: "fine" })),
      answering("security", () => panel("security", { denied: 7 })),
    );
    const health = await service.getSystemHealth();
    // Nor does it push that one out by coming first.
    expect(health.security).toEqual({ denied: 7 });
    expect(health.unavailable).toEqual([{ plugin: "acme-impostor", problem: "id taken" }]);
  });

  it("leaves out a panel that fails, hangs, is no data or too much, and shows the others", async () => {
    const cyclic: Record<string, unknown> = {};
    cyclic["self"] = cyclic;
    const { service, stack } = lab(
      answering("throws", () => {
        throw new Error("no");
      }),
      answering("cyclic", () => panel("cyclic", cyclic)),
      answering("function", () => panel("function", { run: () => 1 })),
      answering("large", () => panel("large", { text: "x".repeat(2_000_000) })),
      answering("nameless", () => ({ title: "x" }) as never),
      answering("well", () => panel("well", { at: new Date(0), odd: Number.NaN })),
    );
    const health = await service.getSystemHealth();
    expect(health.unavailable).toEqual([
      { plugin: "throws", problem: "failed" },
      { plugin: "cyclic", problem: "not plain data" },
      { plugin: "function", problem: "not plain data" },
      { plugin: "large", problem: "too large" },
      { plugin: "nameless", problem: "not plain data" },
    ]);
    expect(health.panels).toEqual([panel("well", { at: "1970-01-01T00:00:00.000Z", odd: null })]);
    expect(stack.get(dashboard).render(health)).toContain("! large: too large");
  });

  it("says that a plugin which cannot say how it is, is not well", async () => {
    const ill = definePlugin({
      name: "ill",
      version: "1.0.0",
      identity: "none",
      setup: (api) =>
        api.tap(hooks.health.check, () => {
          throw new Error("no");
        }),
    })();
    const { checks, unavailable } = await lab(ill).service.getSystemHealth();
    expect(checks).toEqual([{ plugin: "ill", id: "ill", status: "failing", detail: "did not answer health.check" }]);
    expect(unavailable).toEqual([{ plugin: "ill", problem: "failed" }]);
  });

  it.each(["", { userId: "" }, { user: "alice" }, null, 7])("refuses the user %j", async (user) => {
    await expect(lab().service.getUserDashboard(user as never)).rejects.toThrow(/DASHBOARD_USER_INVALID[\s\S]*Do:/);
  });

  it("adds a command", async () => {
    const { stack } = lab(answering("acme", () => panel("acme", { open: 2 })));
    const [commands] = await stack.call(hooks.stack.commands, { version: 1 });
    const [command] = commands?.status === "ok" ? commands.value : [];
    const run = async (json: boolean, ...args: string[]): Promise<[number | undefined, string, string]> => {
      let [out, err] = ["", ""];
      const io = { out: (text: string) => void (out += text), err: (text: string) => void (err += text) };
      return [await command?.run(args, { ...io, json, principal: null }), out, err];
    };
    const [code, out] = await run(false);
    expect([code, out.split("\n")[0]]).toEqual([0, expect.stringContaining("System health  – unknown")]);
    expect(JSON.parse((await run(true, "--user", "alice"))[1])).toMatchObject({
      userId: "alice",
      panels: [{ id: "acme" }],
    });
    expect((await run(false, "--nobody"))[0]).toBe(2);
  });
});
