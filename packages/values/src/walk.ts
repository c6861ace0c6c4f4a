import { type Limits, resolveLimits } from "./limits.js";
import { formatPath, type Step } from "./path.js";
import { binaryParts } from "./binary.js";
import { kindOf } from "./plain.js";

/** Where a visited value sits. `path` is built when it is read. */
export interface WalkPoint {
  /** The last step of the path; null for the value the walk began with. */
  readonly step: Step | null;
  /** 1 for the value the walk began with. */
  readonly depth: number;
  readonly path: string;
}

/** `"skip"` leaves out what is inside this value, `"stop"` ends the walk. */
export type Visit = (value: unknown, point: WalkPoint) => "skip" | "stop" | void;

/** Why something was not seen: a limit, the visitor's own "stop", or a part that only running foreign code would show. */
export type WalkReason = "depth" | "nodes" | "bytes" | "stopped" | "accessor" | "proxy";

export interface WalkResult {
  /** True when everything reachable was visited. A scanner must treat false as "not clean". */
  readonly complete: boolean;
  /** The first reason, when not complete. */
  readonly reason?: WalkReason;
  readonly nodes: number;
}

class Point implements WalkPoint {
  constructor(
    readonly value: unknown,
    readonly step: Step | null,
    readonly parent: Point | null,
    readonly depth: number,
  ) {}

  get path(): string {
    const steps: Step[] = [];
    for (let at: Point | null = this; at?.step != null; at = at.parent) steps.push(at.step);
    return formatPath(steps.reverse());
  }
}

class Walk {
  readonly #visit: Visit;
  readonly #limits: Readonly<Limits>;
  readonly #entered = new Set<object>();
  readonly #todo: Point[] = [];
  #nodes = 0;
  #bytes = 0;
  #reason: WalkReason | null = null;

  constructor(visit: Visit, limits: Readonly<Limits>) {
    this.#visit = visit;
    this.#limits = limits;
  }

  run(value: unknown): WalkResult {
    this.#todo.push(new Point(value, null, null, 1));
    for (let point = this.#todo.pop(); point !== undefined; point = this.#todo.pop()) {
      if (this.#nodes >= this.#limits.nodes) {
        this.#reason ??= "nodes";
        break;
      }
      this.#nodes++;
      this.#bytes += sizeOf(point);
      if (this.#bytes > this.#limits.bytes) {
        this.#reason ??= "bytes";
        break;
      }
      const answer = this.#visit(point.value, point);
      if (answer === "stop") {
        this.#reason ??= "stopped";
        break;
      }
      if (answer !== "skip" && typeof point.value === "object" && point.value !== null) this.#enter(point, point.value);
    }
    return this.#reason === null
      ? { complete: true, nodes: this.#nodes }
      : { complete: false, reason: this.#reason, nodes: this.#nodes };
  }

  #enter(point: Point, value: object): void {
    // What was entered before holds nothing new: this ends cycles, and keeps shared parts from multiplying.
    if (this.#entered.has(value)) return;
    this.#entered.add(value);
    const kind = kindOf(value);
    if (kind === "proxy") {
      this.#reason ??= "proxy";
      return;
    }
    if (kind === "binary" || kind === "date") return;
    const children = this.#children(point, value);
    if (children.length > 0 && point.depth > this.#limits.depth) {
      this.#reason ??= "depth";
      return;
    }
    for (let index = children.length - 1; index >= 0; index--) this.#todo.push(children[index] as Point);
  }

  #children(parent: Point, value: object): Point[] {
    const children: Point[] = [];
    const depth = parent.depth + 1;
    // One more than can still be visited is enough to notice that there are too many.
    const room = this.#limits.nodes - this.#nodes + 1;
    const add = (item: unknown, step: Step): void => {
      if (children.length < room) children.push(new Point(item, step, parent, depth));
    };
    if (kindOf(value) === "map") {
      let index = 0;
      Map.prototype.forEach.call(value, (item: unknown, key: unknown) => {
        add(key, { part: "key", index });
        add(item, { part: "value", index: index++ });
      });
    } else if (kindOf(value) === "set") {
      let index = 0;
      Set.prototype.forEach.call(value, (item: unknown) => add(item, { part: "member", index: index++ }));
    }
    const isArray = Array.isArray(value);
    for (const key of Object.keys(value)) {
      if (children.length >= room) break;
      const property = Object.getOwnPropertyDescriptor(value, key);
      if (property === undefined) continue;
      if ("value" in property) add(property.value, isArray && String(Number(key)) === key ? Number(key) : key);
      else this.#reason ??= "accessor";
    }
    return children;
  }
}

function sizeOf(point: Point): number {
  const key = typeof point.step === "string" ? point.step.length : 0;
  if (typeof point.value === "string") return key + point.value.length;
  if (typeof point.value === "object" && point.value !== null && kindOf(point.value) === "binary")
    return key + binaryParts(point.value).bytes.length;
  return key;
}

/**
 * Visits a value and everything inside it: elements, own enumerable data properties (of class instances too), Map keys
 * and values, Set members; parents first, in order. No getter and no Proxy trap is run. Iterative, so depth cannot
 * overflow the stack; what is reachable twice is visited at each place but entered once. Errors of `visit` pass through.
 *
 * @example
 * const found: string[] = [];
 * const { complete } = walk(args, (value, at) => { if (value === "secret") found.push(at.path); });
 */
export function walk(value: unknown, visit: Visit, limits?: Partial<Limits>): WalkResult {
  return new Walk(visit, resolveLimits(limits)).run(value);
}
