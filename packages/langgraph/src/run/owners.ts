import type { Core } from "../core.js";
import type { Dispatch } from "../dispatch.js";
import type { Config } from "../identity/envelope.js";
import type { Principal } from "../identity/principal.js";

/** For whom it is done in the end: an approver or a service acts for the user behind it. */
function behind(principal: Principal): Principal {
  let one = principal;
  // Chains are checked to be short when they are issued; this one must end whatever they are.
  for (let depth = 0; one.onBehalfOf !== null && depth < 8; depth++) one = one.onBehalfOf;
  return one;
}

const keyOf = ({ tenantId, userId, service }: Principal): string => JSON.stringify([tenantId, userId, service]);

/** The thread that a config names. Savers take a number for the text of it, so it must not pass for another thread. */
export function threadOf(config: Config | undefined): string | null {
  const id: unknown = config?.configurable?.["thread_id"];
  return id === undefined || id === null ? null : String(id as string | number);
}

/** Whether a thread is its first writer's: only where it matters who runs what. */
export const ownsThreads = (core: Core, dispatch: Dispatch): boolean =>
  core.threads === "owned" && (dispatch.needsIdentity || core.resolver !== undefined);

/**
 * Who wrote to a thread first. In memory and bounded: the thread that was not used for longest is forgotten and is
 * nobody's again, and so is every thread after a restart or in another process.
 */
export class ThreadOwners {
  readonly #owners = new Map<string, string>();
  readonly #limit: number;
  #forgotten = 0;

  /** @param limit threads remembered; default 100,000. */
  constructor(limit = 100_000) {
    this.#limit = limit;
  }

  /** How many were forgotten for want of room. */
  get forgotten(): number {
    return this.#forgotten;
  }

  /** Whether this principal may use the thread: it is theirs, or nobody's yet. Who is not known owns none. */
  allows(threadId: string, principal: Principal | null): boolean {
    const owner = this.#owners.get(threadId);
    return owner === undefined || (principal !== null && owner === keyOf(behind(principal)));
  }

  /** Makes it theirs if it is nobody's; false when it is somebody else's. */
  claim(threadId: string, principal: Principal | null): boolean {
    if (!this.allows(threadId, principal)) return false;
    if (principal === null) return true;
    // The last one used comes last.
    this.#owners.delete(threadId);
    this.#owners.set(threadId, keyOf(behind(principal)));
    const [oldest] = this.#owners.keys();
    if (this.#owners.size > this.#limit && oldest !== undefined) {
      this.#owners.delete(oldest);
      this.#forgotten++;
    }
    return true;
  }
}
