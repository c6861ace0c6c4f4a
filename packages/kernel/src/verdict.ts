/** No objection. Returning nothing means the same. */
export interface Allow {
  readonly effect: "allow";
}

/** Developer's side of a denial: `reason` goes to logs and audit, never to the model. */
export interface DenyDetails {
  readonly reason?: string;
  /** What the developer can do about it, as code where possible: the `Do:` of the error that a bare call throws. */
  readonly do?: string;
  readonly [key: string]: unknown;
}

/** Stops the request. `message` is written for the model, `details.reason` for the developer. */
export interface Deny {
  readonly effect: "deny";
  readonly code: string;
  readonly message: string;
  readonly details?: DenyDetails;
}

/** What a human is asked to approve. */
export interface ApprovalRequest {
  readonly reason: string;
  readonly [key: string]: unknown;
}

/** Asks for an approval; a deny by any later guard beats it. */
export interface Escalate {
  readonly effect: "escalate";
  readonly request: ApprovalRequest;
}

/** Replaces the value that later guards and the caller see; only in guards defined with `transform: true`. */
export interface Transform<V> {
  readonly effect: "transform";
  readonly value: V;
}

/** What a guard may return, besides nothing. */
export type Verdict = Allow | Deny | Escalate;

/** What `allow()` gives; dispatch knows it by identity, so that it costs nothing. */
export const ALLOW: Allow = Object.freeze({ effect: "allow" });

/** No objection; later guards are still asked. A shared frozen constant. */
export function allow(): Allow {
  return ALLOW;
}

/**
 * Stops the request.
 * @param code permanent, SCREAMING_SNAKE; models and audits read it
 * @param message for the model: what it should do now, no policy details
 * @param details for the developer; `reason` says why
 * @example return deny("QUIET_HOURS", `"${call.name}" is closed until 06:00 UTC.`, { reason: "22:00-06:00" });
 */
export function deny(code: string, message: string, details?: DenyDetails): Deny {
  return Object.freeze(
    details === undefined ? { effect: "deny", code, message } : { effect: "deny", code, message, details },
  );
}

/** Asks for an approval. Escalations of several guards merge into one judgement. */
export function escalate(request: ApprovalRequest): Escalate {
  return Object.freeze({ effect: "escalate", request });
}

/** Replaces the value, in guards defined with `transform: true`; anywhere else it does not compile and is a fault. */
export function transform<V>(value: V): Transform<V> {
  return Object.freeze({ effect: "transform", value });
}

/**
 * What a `reserve` tap took and how to give it back. Exactly one of the two is called, at most once.
 * `A` is what the work turned out to cost.
 */
export interface Hold<A> {
  /** The work is done; `actual` corrects the estimate. */
  settle?(actual: A): void | Promise<void>;
  /** The work did not happen. */
  release?(reason: string): void | Promise<void>;
}
