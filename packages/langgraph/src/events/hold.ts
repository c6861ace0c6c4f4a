/** What an event tells of a run, as far as holding it back goes. */
export type About =
  /** The root run begins: its caller's own input. */
  | { readonly is: "root-start" }
  /** A chunk of the root's stream; `inside` when it comes out of a subgraph. */
  | { readonly is: "root-chunk"; readonly carries: boolean; readonly inside: boolean }
  /** The root's output. */
  | { readonly is: "root-end" }
  /** A node of the root begins, with the state that the steps before it left. */
  | { readonly is: "node-start"; readonly node: string; readonly step: number | null }
  | { readonly is: "node-end"; readonly node: string; readonly step: number | null; readonly wrote: boolean }
  /** Something within a node: a chain's start or end may carry what the node will write. */
  | { readonly is: "inside"; readonly node: string | null; readonly carries: boolean };

interface Held {
  /** The last step whose writes this may show; never: nothing of the output. */
  readonly carries: number;
  readonly deliver: () => void;
}

const NEVER = -Infinity;

/**
 * Holds a run's events back, in their order, while the first of them may show the output: the output is the state that
 * the last step left, so an event is let go once a later step wrote, or once a node that is still at work says something
 * of its own (a model's tokens, a tool's call), which has to be heard as it happens.
 */
export class EventHold {
  #queue: Held[] = [];
  /** Steps of the nodes at work, by their run. */
  readonly #open = new Map<string, number>();
  /** The last step of which a node ended, and of which one wrote. */
  #ended = NEVER;
  #written = NEVER;
  #state: "holding" | "open" | "shut" = "holding";

  /** Takes an event in its turn; delivers it, now or later, or not at all. */
  say(about: About, deliver: () => void): void {
    if (this.#state !== "holding") {
      if (this.#state === "open") deliver();
      return;
    }
    const carries = this.#carries(about);
    this.#queue.push({ carries, deliver });
    if (about.is === "inside" && !about.carries && about.node !== null && this.#open.has(about.node)) this.#release();
    else this.#settle();
  }

  /** A node failed: what it says from now on is not heard of as work. */
  failed(node: string): void {
    this.#open.delete(node);
  }

  /** The output was judged, or there is none: everything leaves, also what comes later. Not after `shut`. */
  open(): void {
    if (this.#state === "shut") return;
    this.#state = "open";
    this.#release();
  }

  /** The output must not be seen: nothing leaves any more. */
  shut(): void {
    this.#state = "shut";
    this.#queue = [];
  }

  #carries(about: About): number {
    switch (about.is) {
      case "root-start":
        return NEVER;
      case "root-chunk":
        return about.carries ? (about.inside ? this.#latest() : this.#ended) : NEVER;
      case "root-end":
        return Infinity;
      case "node-start": {
        const step = about.step ?? this.#ended + 1;
        this.#open.set(about.node, step);
        return step - 1;
      }
      case "node-end": {
        const step = about.step ?? this.#ended;
        this.#open.delete(about.node);
        this.#ended = Math.max(this.#ended, step);
        if (about.wrote) this.#written = Math.max(this.#written, step);
        return step;
      }
      case "inside":
        return about.carries ? this.#latest() : NEVER;
    }
  }

  /** The step at work, whose writes code inside of it can see. */
  #latest(): number {
    return Math.max(this.#ended, ...this.#open.values());
  }

  #settle(): void {
    const kept = this.#queue.findIndex(({ carries }) => carries !== NEVER && carries >= this.#written);
    this.#release(kept < 0 ? this.#queue.length : kept);
  }

  #release(count = this.#queue.length): void {
    for (const { deliver } of this.#queue.splice(0, count)) deliver();
  }
}
