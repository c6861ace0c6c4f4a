import { type RunContext, runKey } from "@graphtap/langgraph";
import { type LoopLimits, RunCalls } from "./loop.js";

type Data = RunContext["data"];
const Root = runKey<Data>("security.root");
const Calls = runKey<RunCalls>("security.calls");

/** More roots at one time than this, and the runs nested in the later ones are counted on their own. */
const MOST = 100_000;

/** The calls of each run, those of nested runs with their root's. They go when the run's own data goes. */
export class RunLedger {
  readonly #limits: LoopLimits;
  readonly #roots = new Map<string, Data>();

  constructor(limits: LoopLimits) {
    this.#limits = limits;
  }

  /** Roots under way. */
  get size(): number {
    return this.#roots.size;
  }

  begins(run: RunContext): void {
    if (run.runId !== run.rootRunId) {
      const root = this.#roots.get(run.rootRunId);
      if (root !== undefined) run.data.set(Root, root);
    } else if (this.#roots.size < MOST) this.#roots.set(run.runId, run.data);
  }

  ends({ runId }: RunContext): void {
    this.#roots.delete(runId);
  }

  of({ data }: RunContext): RunCalls {
    const root = data.get(Root) ?? data;
    let calls = root.get(Calls);
    if (calls === undefined) root.set(Calls, (calls = new RunCalls(this.#limits)));
    return calls;
  }
}
