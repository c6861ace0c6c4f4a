import type { Epoch } from "@graphtap/kernel";
import type { RunContext, Usage } from "../hooks/context.js";
import type { Dispatch } from "../dispatch.js";
import type { Permits } from "../tool/permit.js";
import { addUsage } from "../model/usage.js";
import { isBareAbort } from "./outcome.js";

/** One run while it lives: its pinned taps, its context, what it adds up. Subgraphs are part of it. */
export class RunScope {
  /** Set at the run's end; what ends after it is late, what starts after it is refused. */
  over = false;
  usage: Usage | null = null;
  /** Interrupts that this run's own nodes raised. */
  readonly interrupts: unknown[] = [];
  paused = false;
  /** Attempts of nodes under way, in subgraphs too. */
  open = 0;
  /** Whether any node began: what was admitted may have been spent. */
  begun = false;
  #attempts: Map<string, number> | null = null;
  #observed: Map<string, ObservedCall> | null = null;
  /** Whether chunks of the run show the configs of graphs that its nodes call. */
  showsConfigs = false;
  /** The signal of the node that began last: a step's time-out aborts this one and not the run's. */
  step: AbortSignal | undefined;
  /** Told when a node of the run itself begins. */
  onWork: (() => void) | null = null;
  /** What a node of the run itself, or an edge, threw last. */
  #thrown: { readonly error: unknown } | null = null;
  /** The run's own nodes at work, by the signal that stops them. */
  #work: Set<{ readonly signal: AbortSignal | undefined }> | null = null;

  constructor(
    readonly ctx: RunContext,
    readonly dispatch: Dispatch,
    readonly epoch: Epoch,
    readonly parent: RunScope | null,
    readonly startedAt: number,
  ) {}

  // Maps are made on first use: most runs need none of them.

  /** Attempts per task, for LangGraph versions that do not report them. */
  get attempts(): Map<string, number> {
    return (this.#attempts ??= new Map());
  }

  /** Calls around the gate that the watcher saw begin. */
  get observed(): Map<string, ObservedCall> {
    return (this.#observed ??= new Map());
  }

  /** Model calls that have begun and not ended. */
  #flights: Set<Abandonable> | null = null;

  underWay(flight: Abandonable): void {
    (this.#flights ??= new Set()).add(flight);
  }

  done(flight: Abandonable): void {
    this.#flights?.delete(flight);
  }

  /** Model calls under way. */
  get flights(): readonly Abandonable[] {
    return this.#flights === null ? [] : [...this.#flights];
  }

  addUsage(usage: Usage | null): void {
    if (usage !== null) this.usage = addUsage(this.usage, usage);
  }

  /** Whether a node of the run itself is at work, so that more of its stream is to come. A node given up does not count. */
  get working(): boolean {
    for (const { signal } of this.#work ?? []) if (signal?.aborted !== true) return true;
    return false;
  }

  /** Counts a node as at work until it is done. */
  work(done: Promise<unknown>, signal: AbortSignal | undefined): void {
    const work = { signal };
    const all = (this.#work ??= new Set());
    const over = (): boolean => all.delete(work);
    all.add(work);
    done.then(over, (error: unknown) => {
      over();
      this.threw(error);
    });
    this.onWork?.();
  }

  /** The signal whose reason says why this was thrown. */
  stopper(error: unknown, own: AbortSignal | undefined): AbortSignal | undefined {
    return own?.aborted !== true && isBareAbort(error) ? this.step : own;
  }

  threw(error: unknown): void {
    this.#thrown = { error };
  }

  /** Whether a node of the run itself, or an edge, threw this: then the run broke off in it. */
  broke(error: unknown): boolean {
    return this.#thrown !== null && this.#thrown.error === error;
  }

  /** A node stopped at an interrupt; a subgraph's is seen once more by the node around it. */
  pause(interrupts: readonly unknown[]): void {
    this.paused = true;
    for (const interrupt of interrupts) if (!this.interrupts.includes(interrupt)) this.interrupts.push(interrupt);
  }
}

/** A model call of which nobody may ever see the end: its stream can be dropped without a word. */
export interface Abandonable {
  left(): undefined | Promise<undefined>;
}

/** Where the current code runs: which run, which node attempt, which permits. Immutable; a deeper place is a new frame. */
export interface Frame {
  readonly scope: RunScope;
  readonly ctx: RunContext;
  /** One-use permits of the ToolNode task at hand, where a middleware may copy its calls. */
  readonly permits: Permits | null;
  /** The callback handler that sees what code here reaches around the gate; absent where nobody needs to know. */
  readonly watcher?: object;
  /** In LangChain's own part of a call that goes unannounced: the place of the host's part. */
  readonly loud?: Frame;
  /** What goes unannounced there, where that is a model. */
  readonly quietFor?: object | null;
  /** The model that an identity was bound to, in a call of it: it was asked who calls already. */
  readonly model?: object;
}

/** A call that only the watcher sees. */
export type ObservedCall = { readonly frame: Frame } & (
  | {
      readonly kind: "model";
      readonly name: string;
      readonly provider: string | null;
      readonly model: string | null;
      readonly at: number;
      /** When the first piece of its answer came; null while it did not stream. */
      firstChunkAt: number | null;
    }
  | { readonly kind: "tool"; readonly name: string; readonly callId: string | null; readonly at: number }
);
