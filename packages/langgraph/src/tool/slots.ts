import { AsyncLocalStorageProviderSingleton } from "@langchain/core/singletons";
import { interrupt } from "@langchain/langgraph";

/** LangGraph's own book of one task: the answers given so far, by the order of its interrupts. The same from 1.0 on. */
interface Scratchpad {
  interruptCounter: number;
  readonly resume: unknown[];
  /** The answer this run brought, not yet taken by an interrupt. */
  nullResume?: unknown;
}
type Send = (writes: [string, unknown][]) => void;

/** A question that was put to a human. Kept among the answers, so that it outlives the process with them. */
export interface Asked {
  readonly graphtap: "asked";
  readonly name: string;
  readonly callId: string | null;
  /** Place of the call in its round. */
  readonly at: number;
  /** Hash of the arguments that were shown. */
  readonly hash: string;
}

const isAsked = (value: unknown): value is Asked =>
  typeof value === "object" && value !== null && (value as Asked).graphtap === "asked";

/**
 * Whether what a run brings to go on with passes for a question of ours: as the answer to somebody else's interrupt it
 * would be kept among the answers, and what comes next be taken for an approval.
 */
export function standsForAsked(resume: unknown): boolean {
  if (typeof resume !== "object" || resume === null) return false;
  return isAsked(resume) || Object.values(resume).some(isAsked);
}

function isScratchpad(value: unknown): value is Scratchpad {
  const pad = value as Partial<Scratchpad> | null | undefined;
  return (
    typeof pad === "object" && pad !== null && typeof pad.interruptCounter === "number" && Array.isArray(pad.resume)
  );
}

const configurableOf = (config: object): Record<string, unknown> =>
  (config as { configurable?: Record<string, unknown> }).configurable ?? {};

/** Whether a task was paused by a question of ours before: it is answered first, whatever the guards say now. */
export function wasAsked(config: object): boolean {
  const pad = configurableOf(config)["__pregel_scratchpad"];
  return isScratchpad(pad) && isAsked(pad.resume[pad.interruptCounter + 1]);
}

/** Which task of a run took the one answer that the run brought: LangGraph hands it to every task that waits. */
const takers = new WeakMap<object, unknown>();

/**
 * The interrupts of one task and their answers. LangGraph matches them by order alone, so each question of ours leaves a
 * note in front of its answer: an answer counts only for the call, and the arguments, that it was asked about.
 */
export class Slots {
  readonly #config: object;
  readonly #run: object;
  readonly #pad: Scratchpad;
  readonly #send: Send;
  readonly #task: unknown;

  private constructor(config: object, run: object, pad: Scratchpad, send: Send) {
    this.#config = config;
    this.#run = run;
    this.#pad = pad;
    this.#send = send;
    this.#task = configurableOf(config)["__pregel_task_id"] ?? this;
  }

  /** @returns null where nobody can be asked: without a checkpointer, or outside a graph. */
  static of(config: object, run: object): Slots | null {
    const found = configurableOf(config);
    const [pad, send] = [found["__pregel_scratchpad"], found["__pregel_send"]];
    if (found["__pregel_checkpointer"] === undefined || !isScratchpad(pad) || typeof send !== "function") return null;
    return new Slots(config, run, pad, send as Send);
  }

  /** The next question that was asked in an earlier run of this task; its answer has to be fetched before the next one. */
  nextAsked(): Asked | null {
    const next = this.#pad.resume[this.#pad.interruptCounter + 1];
    if (!isAsked(next)) return null;
    this.#pad.interruptCounter++;
    return next;
  }

  /**
   * The answer to a question that was asked before.
   *
   * @throws LangGraph's interrupt, again, while there is none.
   */
  answer(question: unknown): unknown {
    const stored = this.#pad.resume.length > this.#pad.interruptCounter + 1;
    if (stored) return this.#interrupt(question);
    const taker = takers.get(this.#run);
    if (taker !== undefined && taker !== this.#task) return this.#unanswered(question);
    if (this.#pad.nullResume !== undefined) takers.set(this.#run, this.#task);
    return this.#interrupt(question);
  }

  /**
   * Asks for the first time: always a pause. What lies beyond, and what this run brought, answers something else.
   *
   * @throws LangGraph's interrupt
   */
  ask(asked: Asked, question: unknown): never {
    const pad = this.#pad;
    pad.interruptCounter++;
    pad.resume.splice(pad.interruptCounter, Infinity, asked);
    this.#send([["__resume__", [...pad.resume]]]);
    this.#unanswered(question);
    throw new Error("interrupt() answered a question that nobody was asked");
  }

  #unanswered(question: unknown): unknown {
    const brought = this.#pad.nullResume;
    delete this.#pad.nullResume;
    try {
      return this.#interrupt(question);
    } finally {
      if (brought !== undefined) this.#pad.nullResume = brought;
    }
  }

  /** Our own awaits may have left LangChain's context; interrupt() reads its place in the graph from there. */
  #interrupt(question: unknown): unknown {
    return AsyncLocalStorageProviderSingleton.runWithConfig(this.#config, () => interrupt(question)) as unknown;
  }
}
