import { GOLDEN, type OutcomeName } from "./golden.js";
import { ASKED, question, type Input, type Topic, TOTAL } from "./workflow.js";
import type { Usage } from "@graphtap/langgraph";

/** One way in which a run comes to its end, and what must be seen of it whatever the route. */
export interface Outcome {
  readonly name: OutcomeName;
  readonly topic: Topic;
  /** Who runs it; null: nobody says so. `mallory` is refused any run. Default alice. */
  readonly user?: string | null;
  /** What the driver does once code inside the run has come to the point. Default: nothing. */
  readonly driver?: "abort" | "leave" | "time out";
  /** Plugins that only this outcome needs: a guard on models or on outputs changes what a stack does. */
  readonly guards?: "model" | "output";
  /** The question waits at its gate. */
  readonly asks?: true;
  /** Order of the observer hooks. */
  readonly golden: readonly string[];
  /** Sum of the model calls' tokens, also at the run's end. */
  readonly usage: Usage | null;
  /** Executions of tools. */
  readonly tools: number;
  /** What the caller gets thrown, by a code or a name; null: nothing. */
  readonly throws: string | null;
  /** Refused before its first node: then there is no stream yet that could bring the error as data. */
  readonly refused?: true;
  /** Why a closed-over model cannot get here. */
  readonly unobserved?: string;
}

const outcome = (name: OutcomeName, rest: Omit<Outcome, "name" | "golden">): Outcome => ({
  name,
  golden: GOLDEN[name],
  ...rest,
});

export const OUTCOMES: readonly Outcome[] = [
  outcome("ok", { topic: "ok", usage: TOTAL, tools: 1, throws: null }),
  outcome("model error", { topic: "model error", usage: null, tools: 0, throws: "MODEL_RATE_LIMIT" }),
  outcome("retried", { topic: "retried", usage: TOTAL, tools: 1, throws: null }),
  outcome("tool error", { topic: "tool error", usage: TOTAL, tools: 1, throws: null }),
  outcome("tool error, not handled", { topic: "tool error, not handled", usage: ASKED, tools: 1, throws: "Error" }),
  outcome("denied tool", { topic: "denied tool", usage: TOTAL, tools: 0, throws: null }),
  outcome("denied model", {
    topic: "denied model",
    guards: "model",
    usage: null,
    tools: 0,
    throws: "NO_MODEL",
    unobserved: "a guard on models refuses every closed-over model, whatever it is asked",
  }),
  outcome("denied output", {
    topic: "denied output",
    guards: "output",
    usage: TOTAL,
    tools: 1,
    throws: "NOT_TO_BE_SAID",
  }),
  outcome("denied run", { topic: "ok", user: "mallory", refused: true, usage: null, tools: 0, throws: "NO_ROOM" }),
  outcome("nobody runs it", {
    topic: "ok",
    user: null,
    refused: true,
    usage: null,
    tools: 0,
    throws: "IDENTITY_MISSING",
  }),
  outcome("aborted in the model", {
    topic: "hanging model",
    driver: "abort",
    usage: null,
    tools: 0,
    throws: "AbortError",
  }),
  outcome("aborted in a tool", {
    topic: "hanging tool",
    driver: "abort",
    usage: ASKED,
    tools: 1,
    throws: "AbortError",
  }),
  outcome("time-out", { topic: "hanging model", driver: "time out", usage: null, tools: 0, throws: "TimeoutError" }),
  outcome("early break", { topic: "stubborn tool", driver: "leave", usage: ASKED, tools: 1, throws: null }),
  outcome("paused for an approval", { topic: "asked tool", usage: ASKED, tools: 0, throws: null }),
  outcome("paused", { topic: "ok", asks: true, usage: null, tools: 0, throws: null }),
];

/** The input of one conversation that comes to this end. */
export const inputOf = (outcome: Outcome, asks = outcome.asks === true): Input => question(outcome.topic, asks);
