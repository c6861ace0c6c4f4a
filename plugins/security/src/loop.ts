/** How often a run may call tools before it is taken for a loop. */
export interface LoopLimits {
  /** Calls of all tools together in one run, nested runs included. */
  readonly maxCalls: number;
  /** Calls of one tool. */
  readonly maxCallsPerTool: number;
  /** Calls of one tool with the same arguments. */
  readonly maxRepeats: number;
}

export type LoopCode = "LOOP_CALLS_EXCEEDED" | "LOOP_TOOL_EXCEEDED" | "LOOP_ARGUMENTS_REPEATED";

/** Why a run is taken for a loop. */
export interface LoopFinding {
  readonly code: LoopCode;
  readonly limit: number;
}

/** Far above what a run of use needs, far below what an endless one costs. */
export const LOOP_DEFAULTS: LoopLimits = Object.freeze({ maxCalls: 200, maxCallsPerTool: 100, maxRepeats: 20 });

/** The admitted calls of one run. Bounded by `maxCalls`, for a refused call is not counted. */
export class RunCalls {
  readonly #limits: LoopLimits;
  readonly #tools = new Map<string, number>();
  readonly #repeats = new Map<string, number>();
  #total = 0;

  constructor(limits: LoopLimits) {
    this.#limits = limits;
  }

  /** Calls that count now. */
  get total(): number {
    return this.#total;
  }

  /**
   * Counts a call, unless it is one too many.
   *
   * @param argsHash null where arguments cannot be compared: then no repetition is seen
   */
  take(toolName: string, argsHash: string | null): LoopFinding | null {
    const { maxCalls, maxCallsPerTool, maxRepeats } = this.#limits;
    // The hash goes first: it has no space, whatever the tool is called.
    const call = argsHash === null ? null : `${argsHash} ${toolName}`;
    if (this.#total >= maxCalls) return { code: "LOOP_CALLS_EXCEEDED", limit: maxCalls };
    if ((this.#tools.get(toolName) ?? 0) >= maxCallsPerTool)
      return { code: "LOOP_TOOL_EXCEEDED", limit: maxCallsPerTool };
    if (call !== null && (this.#repeats.get(call) ?? 0) >= maxRepeats)
      return { code: "LOOP_ARGUMENTS_REPEATED", limit: maxRepeats };
    this.#count(toolName, call, 1);
    return null;
  }

  /** A counted call did not happen. */
  release(toolName: string, argsHash: string | null): void {
    this.#count(toolName, argsHash === null ? null : `${argsHash} ${toolName}`, -1);
  }

  #count(toolName: string, call: string | null, step: 1 | -1): void {
    this.#total += step;
    add(this.#tools, toolName, step);
    if (call !== null) add(this.#repeats, call, step);
  }
}

function add(counts: Map<string, number>, key: string, step: 1 | -1): void {
  const count = (counts.get(key) ?? 0) + step;
  if (count > 0) counts.set(key, count);
  else counts.delete(key);
}
