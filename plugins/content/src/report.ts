import type { RunContext } from "@graphtap/langgraph";
import type { AuditInput } from "@graphtap/audit/keys";
import type { Found } from "./detect/sieve.js";
import { refusalOf } from "./errors.js";
import type { ContentAction, ContentFlagged, ContentPlace } from "./keys.js";
import type { Tally } from "./tally.js";

/** Who wants to know what was found. */
export interface Listeners {
  readonly tally: Tally;
  /** Null where nobody taps the hook. */
  flagged(event: ContentFlagged): void;
  audit(entry: AuditInput): void;
}

/** Where a value is. */
export interface Where {
  readonly place: ContentPlace;
  readonly run: RunContext;
  readonly tool: string | null;
}

interface Sum {
  readonly found: Found;
  count: number;
}

const EVENTS: Readonly<Record<Exclude<ContentAction, "allow">, string>> = {
  flag: "content.flagged",
  mask: "content.masked",
  block: "content.blocked",
};

/** What was found in one value or one stream: summed up, and told once when it is done. */
export class Report {
  readonly #sums = new Map<string, Sum>();
  /** The first that blocks. */
  blocked: Found | null = null;

  constructor(
    readonly listeners: Listeners,
    readonly where: Where,
    /** A guard of the stack refuses it, so the audit log learns of it by that. */
    readonly toldByGuard = false,
  ) {}

  /** Something was found that is not told yet. */
  get found(): boolean {
    return this.#sums.size > 0;
  }

  readonly sink = (found: Found): void => {
    if (found.action === "block") this.blocked ??= found;
    const key = `${found.id} ${found.action}`;
    const sum = this.#sums.get(key);
    if (sum === undefined) this.#sums.set(key, { found, count: 1 });
    else sum.count++;
  };

  /** A value that nobody can look at as a whole. */
  over(block: boolean): void {
    const action = block ? "block" : "flag";
    this.sink({ id: "limit", kind: "limit", action, from: -1, to: -1, encoding: null, sample: null });
  }

  /** Tells all listeners but of what was `told` already; what is found later is told with the next call. */
  done(told: Set<string> | null = null): void {
    if (this.#sums.size === 0) return;
    for (const [key, { found, count }] of this.#sums) {
      if (told?.has(key) !== true) this.#tell(found, count);
      told?.add(key);
    }
    this.#sums.clear();
  }

  #tell({ id, kind, action, sample, encoding }: Found, count: number): void {
    const { place, run, tool } = this.where;
    const { principal } = run;
    const whose = { userId: principal?.userId ?? null, tenantId: principal?.tenantId ?? null };
    this.listeners.tally.add({ detector: id, kind, place, action, count }, whose);
    const about = {
      tool,
      runId: run.runId,
      threadId: run.threadId,
      workflow: run.workflow,
      node: run.node,
      service: principal?.service ?? null,
      ...whose,
    };
    this.listeners.flagged(Object.freeze({ detector: id, kind, place, action, count, sample, encoding, ...about }));
    if (action === "block" && this.toldByGuard) return;
    const behalf = principal?.onBehalfOf ?? null;
    this.listeners.audit({
      event: EVENTS[action],
      class: "denial",
      decision: action === "block" ? "denied" : "flagged",
      ...about,
      onBehalfOf: behalf === null ? null : { userId: behalf.userId, tenantId: behalf.tenantId },
      code: action === "block" ? "CONTENT_BLOCKED" : null,
      reason: refusalOf(id, place).reason,
      plugin: "content",
      details: { detector: id, kind, place, action, count, encoding },
    });
  }
}
