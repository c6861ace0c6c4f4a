import { killInvalid, killLimitReached } from "./errors.js";
import { LONGEST_CHAIN, type Subject } from "./subject.js";

/** What is switched off: everything, or one tool, tenant, user or service. */
export type KillTarget = "all" | `tool:${string}` | `tenant:${string}` | `user:${string}` | `service:${string}`;

/** Something that is switched off. */
export interface Kill {
  readonly target: KillTarget;
  /** Who did it, as the caller said; null when the environment did. */
  readonly by: string | null;
  readonly reason: string | null;
  /** Epoch milliseconds. */
  readonly at: number;
  /** What the environment switched off stays off for as long as the process lives. */
  readonly source: "call" | "environment";
}

const FORM = /^(?:all|(?:tool|tenant|user|service):[\s\S]{1,512})$/;
/** Most targets that are off at one time. */
const MOST = 10_000;

/** @throws GraphTapError KILL_INVALID: a switch that nobody can read must not be taken for one that is on. */
export function killTarget(text: unknown): KillTarget {
  if (typeof text !== "string" || !FORM.test(text)) throw killInvalid(String(text).slice(0, 80));
  return text as KillTarget;
}

/** `GRAPHTAP_KILL`: targets with commas between. Undefined or blank: none. */
export function killsOf(environment: string | undefined): readonly KillTarget[] {
  if (environment === undefined || environment.trim() === "") return [];
  return environment.split(",").map((part) => killTarget(part.trim()));
}

/** What is switched off. It only ever denies: lifting a switch gives nobody a right. */
export class KillSwitch {
  readonly #kills = new Map<string, Kill>();

  get size(): number {
    return this.#kills.size;
  }
  /** Oldest first. */
  get active(): readonly Kill[] {
    return [...this.#kills.values()];
  }

  /** @throws GraphTapError KILL_LIMIT_REACHED */
  set(kill: Kill): Kill {
    const known = this.#kills.get(kill.target);
    if (known?.source === "environment") return known;
    if (known === undefined && this.#kills.size >= MOST) throw killLimitReached(MOST);
    this.#kills.set(kill.target, Object.freeze({ ...kill }));
    return kill;
  }

  /** @returns false when it was not off, or the environment holds it off */
  lift(target: KillTarget): boolean {
    if (this.#kills.get(target)?.source === "environment") return false;
    return this.#kills.delete(target);
  }

  /** What stops this subject, whatever tool it calls or, with one, that tool; null when nothing does. */
  stops(subject: Subject | null, toolName: string | null): Kill | null {
    if (this.#kills.size === 0) return null;
    const kill = this.#kills.get("all") ?? (toolName === null ? undefined : this.#kills.get(`tool:${toolName}`));
    if (kill !== undefined) return kill;
    let depth = 0;
    for (let one = subject; one !== null && depth < LONGEST_CHAIN; one = one.onBehalfOf) {
      depth++;
      const found =
        (one.tenantId === null ? undefined : this.#kills.get(`tenant:${one.tenantId}`)) ??
        (one.userId === null ? undefined : this.#kills.get(`user:${one.userId}`)) ??
        (one.service === null ? undefined : this.#kills.get(`service:${one.service}`));
      if (found !== undefined) return found;
    }
    return null;
  }
}
