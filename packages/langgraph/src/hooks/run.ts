import { defineHook } from "@graphtap/kernel";
import type { DenialFields, EndFields, RunContext, Usage } from "./context.js";

/** What entered a run: a caller's input, a resume, or a state update. */
export interface RunInput {
  readonly kind: "input" | "resume" | "update";
  readonly value: unknown;
}

/** One execution about to happen. */
export interface RunRequest {
  readonly workflow: string;
  /** As the caller gave it, after `run.input`. */
  readonly input: unknown;
  readonly kind: RunInput["kind"];
  /** Stream modes in force; `values` for invoke. */
  readonly streamModes: readonly string[];
  /** Whether each chunk is `[mode, payload]`. */
  readonly tuples: boolean;
  /** Whether chunks of subgraphs are included, each with its namespace first. */
  readonly subgraphs: boolean;
}

/** The root output, judged once before a chunk or an event shows it. */
export interface RunOutput {
  readonly value: unknown;
}

/** What LangChain tells of one step inside a run, about to reach whoever reads `streamEvents` v1 or v2 or `streamLog`. */
export interface RunEvent {
  /** LangChain's id of the chain, model or tool call that it tells of. */
  readonly id: string;
  /** The run itself, and no step inside of it. */
  readonly root: boolean;
  /** `chain`, `chat_model`, `llm`, `tool`, `retriever`, `prompt`, `parser`, `custom`; in logs also LangChain's own names. */
  readonly type: string;
  readonly name: string;
  readonly phase: "start" | "stream" | "end" | "error" | "custom";
  /** Only what the event has; a tap gives a new object, for these are live values of the run. */
  readonly data: {
    readonly input?: unknown;
    readonly output?: unknown;
    readonly chunk?: unknown;
    readonly error?: unknown;
    /** Of a custom event. */
    readonly payload?: unknown;
  };
  /** Chunks to be told before it, each as an event of its own; for filters that hold back. Empty at first. */
  readonly before: readonly unknown[];
}

export interface RunStart {
  readonly runId: string;
  readonly workflow: string;
  readonly kind: RunInput["kind"];
  readonly nested: boolean;
}
export interface RunEnd extends EndFields {
  readonly runId: string;
  readonly workflow: string;
  /** Sum over the model calls of this run itself (nested runs count their own); null when no call reported any. */
  readonly usage: Usage | null;
}
export interface RunError {
  readonly error: unknown;
  readonly code: string | null;
}
export interface RunPause {
  /** The interrupts that are waiting, as LangGraph reports them. Empty for a static breakpoint or a drain. */
  readonly interrupts: readonly unknown[];
}
export interface RunResume {
  readonly resumedFrom: string | null;
}
/** What a run-level limit or budget settles with. */
export interface RunSettlement {
  readonly status: EndFields["status"];
  readonly usage: Usage | null;
}

export const run = Object.freeze({
  start: defineHook.series<RunStart, RunContext>("run.start", {
    doc: "A run began; fires exactly once per run, before anything is judged.",
  }),
  input: defineHook.guard<RunInput, RunContext>("run.input", {
    transform: true,
    doc: "Judges what the caller sends (input, resume, update); may transform it.",
  }),
  admit: defineHook.reserve<RunRequest, RunSettlement, RunContext>("run.admit", {
    doc: "Run-level limits and budgets, before the first node.",
  }),
  call: defineHook.around<RunRequest, AsyncIterable<unknown>, RunContext>("run.call", {
    doc: "One execution, whatever entry point started it; next(request) gives its chunks and is called at most once.",
  }),
  output: defineHook.guard<RunOutput, RunContext>("run.output", {
    transform: true,
    doc: "Judges the root output once per run, before a root chunk or an event shows it; never on a pause or an error. Updates go once a later node is at work, also where that one then writes nothing.",
  }),
  event: defineHook.waterfall<RunEvent, RunContext>("run.event", {
    fault: "deny",
    doc: "Each event of streamEvents v1 and v2, and each entry of streamLog, before its reader gets it; a filter on what events show.",
  }),
  error: defineHook.series<RunError, RunContext>("run.error", {
    doc: "A run failed; interrupts and aborts are no errors.",
  }),
  pause: defineHook.series<RunPause, RunContext>("run.pause", {
    doc: "A run stopped at an interrupt, a breakpoint or a drain.",
  }),
  resume: defineHook.series<RunResume, RunContext>("run.resume", { doc: "A run continues a paused thread." }),
  denied: defineHook.series<DenialFields, RunContext>("run.denied", {
    doc: "A run was refused by the stack or by a guard.",
  }),
  end: defineHook.series<RunEnd, RunContext>("run.end", {
    doc: "A run ended; fires exactly once per run, last but for late ends.",
  }),
});
