import { EventEmitter } from "eventemitter3";
import type { RunFailure, WorkflowMetrics } from "./record.js";
import type { Rating } from "./rating.js";

/** What happens, as it happens. Nobody waits for a listener; one that throws or rejects is counted and changes nothing. */
export interface MetricsEvents {
  "run.started": (run: ActiveRun) => void;
  "run.ended": (run: WorkflowMetrics) => void;
  failure: (failure: RunFailure & { readonly runId: string }) => void;
  rated: (rating: Rating & { readonly runId: string }) => void;
}

/** A run under way. */
export interface ActiveRun {
  readonly runId: string;
  readonly workflow: string;
  readonly userId: string | null;
  readonly tenantId: string | null;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  /** Milliseconds so far. */
  readonly runningMs: number;
  /** Tool calls under way. */
  readonly openTools: number;
}

/** Listeners of {@link MetricsEvents}. */
export class LiveEvents {
  readonly #emitter = new EventEmitter<MetricsEvents>();
  #failed = 0;

  /** Calls of listeners that threw or rejected. */
  get failed(): number {
    return this.#failed;
  }

  /**
   * Calls a listener with every event of a kind from now on.
   *
   * @returns stops it
   */
  on<K extends keyof MetricsEvents>(event: K, listener: MetricsEvents[K]): () => void {
    // One at a time in a try, so that a listener that throws does not keep the event from the next.
    const guarded = ((...args: Parameters<MetricsEvents[K]>): void => {
      try {
        const answer: unknown = (listener as (...given: Parameters<MetricsEvents[K]>) => unknown)(...args);
        // One that is async and fails would end the process.
        if (typeof answer === "object" && answer !== null && "then" in answer)
          Promise.resolve(answer).catch(() => this.#failed++);
      } catch {
        this.#failed++;
      }
    }) as MetricsEvents[K];
    this.#emitter.on(event, guarded as never);
    return () => void this.#emitter.off(event, guarded as never);
  }

  /** Makes the event only when somebody listens. */
  emit<K extends keyof MetricsEvents>(event: K, make: () => Parameters<MetricsEvents[K]>[0]): void {
    if (this.#emitter.listenerCount(event) > 0)
      (this.#emitter.emit as (name: K, value: unknown) => void).call(this.#emitter, event, make());
  }

  clear(): void {
    this.#emitter.removeAllListeners();
  }
}
