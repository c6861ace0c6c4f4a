import type { Runnable } from "@langchain/core/runnables";
import { isInert } from "./inert.js";
import { brief } from "./lean.js";

const TURN = Promise.resolve();

/** As many turns as LangGraph takes for it: what runs beside it must come in the same order. */
async function inTurn(answer: unknown): Promise<unknown> {
  for (let turn = 0; turn < 6; turn++) await TURN;
  return answer;
}

/**
 * The branch that LangGraph gives every node for Commands, without the way through four functions and two contexts where
 * the answer is none, and the branch does nothing. A view, like all that is made of a host's graph; what the host puts in
 * place of its function runs.
 */
export function controlBranch(branch: Runnable): Runnable {
  const whole = brief(branch);
  const { func } = branch as { func?: unknown };
  const invoke: Runnable["invoke"] = (answer, config) =>
    isInert(answer) && (whole as { func?: unknown }).func === func ? inTurn(answer) : whole.invoke(answer, config);
  return Object.create(whole, { invoke: { value: invoke, writable: true, configurable: true } }) as Runnable;
}
