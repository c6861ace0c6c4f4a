import { definePlugin, DeniedError, hooks } from "@graphtap/langgraph";
import { expect, it } from "vitest";
import { createLab, resumeWith } from "./lab.js";
import { OUTCOMES, type Outcome } from "./outcomes.js";
import { ASKED, TOTAL } from "./workflow.js";

const outcome = (name: Outcome["name"]): Outcome => OUTCOMES.find((one) => one.name === name) as Outcome;

/** Takes one hold per run and notes how it ends. */
const limit = (ends: unknown[]) =>
  definePlugin({
    name: "test-limit",
    version: "1.0.0",
    setup(api) {
      api.tap(hooks.run.admit, () => ({
        settle: ({ status, usage }) => void ends.push({ status, usage }),
        release: (reason) => void ends.push({ reason }),
      }));
    },
  })();

/** Refuses the execution itself, after the limits were taken. */
const closed = definePlugin({
  name: "test-closed",
  version: "1.0.0",
  setup(api) {
    api.tap(hooks.run.call, () => {
      throw new DeniedError("the run", { code: "CLOSED", message: "Closed.", reason: null, plugin: null, hook: null });
    });
  },
});

it.each([
  ["ok", { status: "ok", usage: TOTAL }],
  ["model error", { status: "error", usage: null }],
  ["tool error, not handled", { status: "error", usage: ASKED }],
  ["denied model", { status: "denied", usage: null }],
  ["denied output", { status: "denied", usage: TOTAL }],
  ["aborted in a tool", { status: "cancelled", usage: ASKED }],
  ["paused for an approval", { status: "paused", usage: ASKED }],
  ["paused", { status: "paused", usage: null }],
] as const)("a run-level limit learns what the run used: %s", async (name, end) => {
  const ends: unknown[] = [];
  const lab = await createLab(outcome(name), "governed", [limit(ends)]);
  await lab.graph.invoke(lab.input(), lab.config()).catch(() => undefined);
  await lab.settle();
  expect(ends).toEqual([end]);
});

it("a run-level limit gets back what a run took that never began", async () => {
  const ends: unknown[] = [];
  const lab = await createLab(outcome("ok"), "governed", [limit(ends), closed()]);
  await expect(lab.graph.invoke(lab.input(), lab.config())).rejects.toMatchObject({ code: "CLOSED" });
  await lab.settle();
  expect(ends).toEqual([{ reason: "denied" }]);
});

it("a resume names the run that paused, also of another thread in between, and only once", async () => {
  const lab = await createLab(outcome("ok"), "governed");
  await lab.graph.invoke(lab.input(true), lab.config());
  await lab.graph.invoke(lab.input(), lab.config({ thread: "thread-2" }));
  await lab.graph.invoke(resumeWith(), lab.config());
  await lab.graph.invoke(null, lab.config());
  const starts = lab.lines().filter(({ hook }) => hook === "run.start");
  const [paused, , resumed] = starts;
  expect(starts.map(({ resumedFrom }) => resumedFrom)).toEqual([null, null, paused?.runId, null]);
  expect(
    new Set(
      lab
        .lines()
        .filter(({ runId }) => runId === resumed?.runId)
        .map(({ resumedFrom }) => resumedFrom),
    ),
  ).toEqual(new Set([paused?.runId]));
});
