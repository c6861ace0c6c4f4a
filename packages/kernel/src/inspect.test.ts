import { inspect } from "node:util";
import { describe, expect, it } from "vitest";
import { settled } from "./fixtures/fake-clock.js";
import { tapping } from "./fixtures/kernel.js";
import { defineHook } from "./hook.js";
import { createKernel } from "./kernel.js";
import { definePlugin } from "./plugin.js";
import { defineService } from "./service.js";

const opened = defineHook.series<number>("acme.ticket.opened");
const triage = defineHook.waterfall<number>("acme.ticket.triage");
const work = defineHook.around<number, Promise<number>>("acme.ticket.work");
const typo = defineHook.series<number>("acme.ticket.opend");
const Metrics = defineService<object>()("metrics");

const metrics = definePlugin({
  name: "metrics",
  version: "1.1.0",
  provides: [Metrics],
  hooks: [work],
  setup(api) {
    api.provide(Metrics, {});
    api.tap(opened, () => undefined, { stage: "post" });
  },
});
const desk = definePlugin({
  name: "desk",
  version: "2.0.0",
  requires: [Metrics],
  setup(api) {
    api.tap(opened, () => undefined);
    api.tap(triage, (n) => n);
  },
});

describe("inspect", () => {
  const make = () =>
    createKernel({
      name: "support",
      hooks: [opened, triage],
      plugins: [desk(), metrics(undefined, { key: "eu" }), tapping("typist", typo, () => undefined)],
    });

  it("is plain data, frozen around, the same in JSON", () => {
    const inspection = make().inspect();
    const data = JSON.parse(JSON.stringify(inspection));
    expect(data).toEqual(inspection.toJSON());
    expect(data).toMatchObject({
      name: "support",
      state: "ready",
      api: 1,
      heldEpochs: 0,
      pending: [],
      faults: { total: 0, recent: [] },
      profiling: false,
    });
    expect(data.plugins.map(({ id, taps, state }: any) => [id, taps, state])).toEqual([
      ["metrics:eu", 1, "ready"],
      ["desk", 2, "ready"],
      ["typist", 1, "ready"],
    ]);
    expect(data.plugins[0]).toMatchObject({
      name: "metrics",
      version: "1.1.0",
      key: "eu",
      provides: ["metrics"],
      requires: [],
      site: expect.stringMatching(/inspect\.test\.ts:\d+/),
      setupMs: expect.any(Number),
    });
    expect(data.hooks.find(({ name }: any) => name === opened.name)).toEqual({
      name: opened.name,
      kind: "series",
      fault: "report",
      timeoutMs: 5_000,
      declaredBy: ["host"],
      calls: 0,
      taps: [
        { plugin: "desk", stage: "normal", faults: 0, quarantined: false },
        { plugin: "metrics:eu", stage: "post", faults: 0, quarantined: false },
      ],
    });
  });

  it("prints a tree", () => {
    expect(make().inspect().toTree()).toMatchInlineSnapshot(`
      "support (ready)
      plugins
      ├─ metrics:eu 1.1.0  provides metrics
      ├─ desk 2.0.0  requires metrics
      └─ typist 1.0.0
      hooks
      ├─ acme.ticket.opend  series, report, 5000 ms  DEAD: nobody fires it
      │  └─ typist
      ├─ acme.ticket.opened  series, report, 5000 ms
      │  ├─ desk
      │  └─ metrics:eu (post)
      ├─ acme.ticket.triage  waterfall, throw, 10000 ms
      │  └─ desk
      └─ 1 more that nobody taps"
    `);
  });

  it("prints Mermaid", () => {
    expect(make().inspect().toMermaid()).toMatchInlineSnapshot(`
      "flowchart LR
        p0["metrics:eu 1.1.0"]
        p1["desk 2.0.0"]
        p2["typist 1.0.0"]
        p0 -->|"metrics"| p1
        h0(["acme.ticket.opend"])
        h0 -.->|1| p2
        h1(["acme.ticket.opened"])
        h1 -.->|1| p1
        h1 -.->|2| p0
        h2(["acme.ticket.triage"])
        h2 -.->|1| p1"
    `);
  });

  it("keeps free text, such as a key, inside its Mermaid label", () => {
    const odd = definePlugin({ name: "odd", version: '1.0.0"]\n  evil', setup: () => undefined });
    const kernel = createKernel({ plugins: [odd(undefined, { key: 'a"]; x' })] });
    expect(kernel.inspect().toMermaid()).toBe('flowchart LR\n  p0["odd:a#quot;]; x 1.0.0#quot;] evil"]');
  });

  it("is what console.log(kernel) shows", () => {
    const kernel = make();
    expect(inspect(kernel)).toBe(kernel.inspect().toTree());
  });

  it("marks taps on hooks that nobody declares, until somebody fires them after all", () => {
    const kernel = make();
    expect(kernel.inspect().deadTaps).toEqual([{ plugin: "typist", hook: typo.name }]);
    void kernel.call(typo, 1);
    expect(kernel.inspect().deadTaps).toEqual([]);
  });

  it("counts calls over epochs", async () => {
    const kernel = make();
    void kernel.call(opened, 1);
    await kernel.use(tapping("late", opened, () => undefined));
    void kernel.call(opened, 2);
    expect(kernel.inspect().hooks.find(({ name }) => name === opened.name)?.calls).toBe(2);
  });

  it("lists what is pending, and held epochs", async () => {
    let end = (): void => undefined;
    const kernel = createKernel({
      plugins: [tapping("slow", opened, () => new Promise<void>((resolve) => (end = resolve)))],
    });
    const epoch = kernel.pin();
    const call = epoch.runner(opened).call(1, undefined);
    expect(kernel.inspect()).toMatchObject({
      heldEpochs: 1,
      pending: [{ plugin: "slow", hook: opened.name, ms: expect.any(Number) }],
      pendingDropped: 0,
    });
    end();
    await call;
    epoch.release();
    await settled();
    expect(kernel.inspect()).toMatchObject({ heldEpochs: 0, pending: [] });
  });

  it("works on a kernel that failed", async () => {
    const kernel = createKernel({
      plugins: [
        definePlugin({
          name: "a",
          version: "1.0.0",
          setup() {
            throw new Error("x");
          },
        })(),
      ],
    });
    await settled();
    expect(kernel.inspect().toTree()).toBe("kernel (failed)\nplugins\nhooks");
  });
});
