import type { Core } from "../core.js";
import type { Frame } from "../run/scope.js";
import { type Answer, withAnswers } from "./approval.js";
import { judge, type Judged, type Wish } from "./gate.js";

interface Entry {
  readonly wish: Wish;
  resolve(answer: Answer): void;
  reject(error: unknown): void;
}

/**
 * Phase 1 of a ToolNode task. A ToolNode starts all its calls in one go; they gather here and are judged in call order,
 * with no side effects, before any of them runs. An interrupt of one stops them all, so no sibling runs twice.
 */
export class Batch {
  /** Calls gathered in this turn; null when none wait. A node that starts calls one by one has one round per call. */
  #round: Entry[] | null = null;

  constructor(
    readonly core: Core,
    readonly frame: Frame,
    /** The node's config: where in the graph an interrupt is raised. */
    readonly config: object,
  ) {}

  /** The judgement of one call, given when all of the task are judged. */
  judge(wish: Wish): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const entry = { wish, resolve, reject };
      if (this.#round !== null) {
        this.#round.push(entry);
        return;
      }
      const round = [entry];
      this.#round = round;
      queueMicrotask(() => {
        this.#round = null;
        void this.#run(round);
      });
    });
  }

  async #run(round: readonly Entry[]): Promise<void> {
    let answers: readonly Answer[];
    try {
      const judged: Judged[] = [];
      for (const { wish } of round) {
        const verdict = judge(this.core, this.frame, wish);
        judged.push(verdict instanceof Promise ? await verdict : verdict);
      }
      answers = await withAnswers(
        this.core,
        this.frame,
        round.map(({ wish }) => wish),
        judged,
        this.config,
      );
    } catch (error) {
      for (const entry of round) entry.reject(error);
      return;
    }
    for (const [index, entry] of round.entries()) entry.resolve(answers[index] as Answer);
  }
}
