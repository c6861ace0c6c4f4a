import { getEventListeners } from "node:events";
import { RunnableLambda } from "@langchain/core/runnables";
import { definePlugin, hooks, type RunContext } from "@graphtap/langgraph";
import { describe, expect, it } from "vitest";
import { createLab } from "./lab.js";
import { OUTCOMES, type Outcome } from "./outcomes.js";
import { label, type Line } from "./record.js";
import { MINOR, WAYS } from "./routes.js";
import { TOTAL } from "./workflow.js";

const NOTHING = { heldEpochs: 0, pending: 0, open: 0 };
const outcome = (name: Outcome["name"]): Outcome => OUTCOMES.find((one) => one.name === name) as Outcome;
const runEnds = (lines: readonly Line[]): readonly string[] =>
  lines.filter(({ hook }) => hook === "run.end").map(label);

// What the matrix leaves out of "early break", each with what happens instead.
describe("where leaving is not heard", () => {
  it.skipIf(MINOR < 3).each(["break", "abort()"])(
    "a v3 run goes on to its own end after %s, and ends once",
    async (how) => {
      const lab = await createLab(outcome("ok"), "governed");
      const run = await lab.graph.streamEvents(lab.input(), { ...lab.config(), version: "v3" });
      for await (const _event of run) break;
      if (how === "abort()") run.abort();
      await run.output;
      expect(await lab.settle()).toEqual(NOTHING);
      expect(runEnds(lab.lines())).toEqual(["run.end ok"]);
      expect(lab.lines().findLast(({ hook }) => hook === "run.end")?.usage).toEqual(TOTAL);
    },
  );

  it.skipIf(MINOR < 3)("a v3 run ends as cancelled by the caller's own signal", async () => {
    const lab = await createLab(outcome("aborted in a tool"), "governed");
    const run = await lab.graph.streamEvents(lab.input(), { ...lab.config(), version: "v3" });
    for await (const _event of run) break;
    await run.output.catch(() => undefined);
    expect(await lab.settle()).toEqual(NOTHING);
    expect(runEnds(lab.lines())).toEqual(["run.end cancelled ABORTED"]);
  });

  it("a sequence waits for the run that its consumer left, which is cancelled at once", async () => {
    const lab = await createLab(outcome("early break"), "governed");
    const sequence = RunnableLambda.from((input: unknown) => input).pipe(lab.graph as never);
    const leaving = lab.read(
      await sequence.stream(lab.input() as never, { ...lab.config(), streamMode: "updates" } as never),
    );
    await lab.point;
    expect(await lab.settle()).toEqual(NOTHING);
    await leaving;
    expect(lab.lines().map(label)).toEqual(lab.outcome.golden);
  });

  it.each(["at once", "in a tool"])(
    "events of v1 that are left %s cancel the run and leave no rejection to nobody; LangGraph 1.7 throws its own AbortError at who leaves",
    async (where) => {
      const unheard: unknown[] = [];
      const hear = (reason: unknown): number => unheard.push(reason);
      process.on("unhandledRejection", hear);
      const lab = await createLab(outcome("early break"), "governed");
      const leave = async (): Promise<void> => {
        for await (const _event of lab.graph.streamEvents(lab.input(), { ...lab.config(), version: "v1" })) {
          if (where === "in a tool") await lab.point;
          break;
        }
      };
      await leave().catch((error: unknown) => expect(error).toMatchObject({ name: "AbortError" }));
      expect(await lab.settle()).toEqual(NOTHING);
      process.off("unhandledRejection", hear);
      expect(unheard).toEqual([]);
      expect(runEnds(lab.lines())).toEqual(["run.end cancelled ABORTED"]);
    },
  );
});

describe("config.timeout", () => {
  // Where it strikes depends on the machine; how the run ends does not.
  for (const way of WAYS)
    it(`${way.name} ends as a time-out`, async () => {
      const lab = await createLab(outcome("time-out"), "governed");
      const { signal: _caller, ...config } = lab.config();
      const error: unknown = await way.take(lab, lab.graph, lab.input(), { ...config, timeout: 20 }).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      if (way.swallows !== true) expect(error).toMatchObject({ name: "TimeoutError" });
      expect(await lab.settle()).toEqual(NOTHING);
      expect(runEnds(lab.lines())).toEqual(["run.end error TIMEOUT"]);
    });
});

it("lets go of a run's signal when the run is over", async () => {
  const signals: AbortSignal[] = [];
  const listening = definePlugin({
    name: "test-listening",
    version: "1.0.0",
    identity: "none",
    setup(api) {
      api.tap(hooks.run.start, (_event: unknown, { signal }: RunContext) => void (signal && signals.push(signal)));
    },
  });
  const lab = await createLab(outcome("ok"), "governed", [listening()]);
  await lab.graph.invoke(lab.input(), lab.config());
  await lab.settle();
  expect(signals.map((signal) => getEventListeners(signal, "abort").length)).toEqual([0]);
});
