import type { Clock } from "@graphtap/kernel";
import { type RunContext, runKey } from "@graphtap/langgraph";
import { compositeTimeout } from "../errors.js";
import type { Config } from "../members/graph.js";
import type { Limit } from "../members/limits.js";
import type { Branch } from "./branch.js";
import type { ReadyComposite } from "./config.js";
import { Places } from "./places.js";

/** What the members of one execution of a composite share. */
export interface Execution {
  /** Monotonic milliseconds at which its first member began. */
  readonly since: number;
  readonly places: Places;
}

/** Executions of one composite, each kept with the run it is part of: nothing of a run outlives it. */
export class Executions {
  readonly #key = runKey<Map<string, Execution>>("composition.executions");

  constructor(
    readonly clock: Clock,
    readonly maxConcurrency: number,
  ) {}

  /** The execution that the node at hand is part of: the same run, under the same task around it. */
  of(run: RunContext | null, config: Config): Execution {
    const known = run?.data.get(this.#key) ?? new Map<string, Execution>();
    const place = placeOf(config);
    let execution = known.get(place);
    if (execution === undefined) {
      execution = { since: this.clock.monotonic(), places: new Places(this.maxConcurrency) };
      known.set(place, execution);
      run?.data.set(this.#key, known);
    }
    return execution;
  }
}

/** The end that a composite sets for all of its members together, if any. */
export const limitOf = (
  { name, timeoutMs }: ReadyComposite,
  { since }: Execution,
  member: string | null,
): readonly Limit[] =>
  timeoutMs === null ? [] : [{ at: since + timeoutMs, error: () => compositeTimeout(name, member, timeoutMs) }];

/** The namespace of the graph that a node belongs to: the node's own, without its last part. */
function placeOf(config: Config): string {
  const ns: unknown = config.configurable?.["checkpoint_ns"];
  return typeof ns === "string" ? ns.split("|").slice(0, -1).join("|") : "";
}

const SINK = "__graphtap_results";

/** Takes what members gave, for whoever executes a composite and wants more than its state. */
export class Results {
  readonly #by = new Map<number, Branch>();
  /** Its members have ended, and what they did is part of its state. */
  whole = false;

  /** @param composite whose members are meant; those of composites in it are not */
  constructor(readonly composite: object) {}

  take(branch: Branch): void {
    this.#by.set(branch.outcome.index, branch);
  }
  all(): readonly Branch[] {
    return [...this.#by.values()];
  }

  /** A config that carries it; keys with two underscores stay out of checkpoints and traces. */
  in(config: Config): Config {
    return { ...config, configurable: { ...config.configurable, [SINK]: this } };
  }
  static from(config: Config, composite: object): Results | null {
    const found: unknown = config.configurable?.[SINK];
    return found instanceof Results && found.composite === composite ? found : null;
  }
}
