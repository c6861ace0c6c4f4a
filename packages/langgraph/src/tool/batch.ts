import type { Core } from "../core.js";
import type { Frame } from "../run/scope.js";
import { type Answer, withAnswers } from "./approval.js";
import { judge, type Judged, type Wish } from "./gate.js";
import { wasAsked } from "./slots.js";

interface Round {
  readonly wishes: Wish[];
  readonly answers: Promise<readonly Answer[]>;
}

/**
 * Phase 1 of a ToolNode task. A ToolNode starts all its calls in one go; they gather here and are judged in call order,
 * with no side effects, before any of them runs. An interrupt of one stops them all, so no sibling runs twice.
 */
export class Batch {
  /** Calls gathered in this turn; null when none wait. A node that starts calls one by one has one round per call. */
  #round: Round | null = null;

  constructor(
    readonly core: Core,
    readonly frame: Frame,
    /** The node's config: where in the graph an interrupt is raised. */
    readonly config: object,
  ) {}

  /** The judgement of one call, given when all of the task are judged. */
  judge(wish: Wish): Promise<Answer> {
    if (this.#round === null) {
      const wishes: Wish[] = [];
      this.#round = { wishes, answers: this.#judged(wishes) };
    }
    const { wishes, answers } = this.#round;
    const at = wishes.push(wish) - 1;
    return answers.then((given) => given[at] as Answer);
  }

  async #judged(wishes: readonly Wish[]): Promise<readonly Answer[]> {
    // The siblings come in this very turn.
    await Promise.resolve();
    this.#round = null;
    const judged: Judged[] = [];
    for (const wish of wishes) {
      const verdict = judge(this.core, this.frame, wish);
      judged.push(verdict instanceof Promise ? await verdict : verdict);
    }
    return withAnswers(this.core, this.frame, wishes, judged, this.config);
  }
}

/** Whether a call's judgement hangs together with its siblings': somebody rewrites or judges, or was asked before. */
export const judgedTogether = ({ scope }: Frame, config: object): boolean =>
  scope.dispatch.tool.prepare.used || scope.dispatch.tool.authorize.used || wasAsked(config);
