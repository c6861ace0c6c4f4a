import type { Epoch } from "@graphtap/kernel";
import type { RunContext, Usage } from "../hooks/context.js";
import type { Dispatch } from "../dispatch.js";
import type { Permits } from "../tool/permit.js";
import { addUsage } from "../model/usage.js";

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
  /** Attempts per task, for LangGraph versions that do not report them. */
  readonly attempts = new Map<string, number>();
  /** Calls around the gate that the watcher saw begin. */
  readonly observed = new Map<string, ObservedCall>();
  /** Whether chunks of the run show the configs of graphs that its nodes call. */
  showsConfigs = false;
  /** Told when a node of the run itself begins. */
  onWork: (() => void) | null = null;
  /** What a node of the run itself, or an edge, threw last. */
  #thrown: { readonly error: unknown } | null = null;
  /** The run's own nodes at work, by the signal that stops them. */
  readonly #work = new Set<{ readonly signal: AbortSignal | undefined }>();

  constructor(
    readonly ctx: RunContext,
    readonly dispatch: Dispatch,
    readonly epoch: Epoch,
    readonly parent: RunScope | null,
    readonly startedAt: number,
  ) {}

  addUsage(usage: Usage | null): void {
    if (usage !== null) this.usage = addUsage(this.usage, usage);
  }

  /** Whether a node of the run itself is at work, so that more of its stream is to come. A node given up does not count. */
  get working(): boolean {
    for (const { signal } of this.#work) if (signal?.aborted !== true) return true;
    return false;
  }

  /** Counts a node as at work until it is done. */
  work(done: Promise<unknown>, signal: AbortSignal | undefined): void {
    const work = { signal };
    const over = (): boolean => this.#work.delete(work);
    this.#work.add(work);
    done.then(over, (error: unknown) => {
      over();
      this.threw(error);
    });
    this.onWork?.();
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

/** Where the current code runs: which run, which node attempt, which permits. Immutable; a deeper place is a new frame. */
export interface Frame {
  readonly scope: RunScope;
  readonly ctx: RunContext;
  /** One-use permits of the ToolNode task at hand, where a middleware may copy its calls. */
  readonly permits: Permits | null;
}

/** A call that only the watcher sees. */
export type ObservedCall =
  | {
      readonly kind: "model";
      readonly name: string;
      readonly provider: string | null;
      readonly model: string | null;
      readonly at: number;
    }
  | { readonly kind: "tool"; readonly name: string; readonly callId: string | null; readonly at: number };
