import { grantsInForce } from "./candidates.js";
import { decide, denialFor, type Denied, type Permitted } from "./decide.js";
import type { Grants } from "./grants.js";
import type { Kill, KillSwitch } from "./kill.js";
import type { LoopCode, LoopFinding, RunCalls } from "./loop.js";
import type { DecisionRequest, DenialCause } from "./question.js";
import { decisive, type Moment, type RateLimiter, type RateStatus, type RateWindow, type RateWish } from "./rate.js";
import { killMessage, killReason, loopMessage, loopReason, rateMessage, rateReason } from "./refusals.js";
import type { ToolRules } from "./rules.js";
import { chainOf, keyOf, type Subject } from "./subject.js";

/** Codes of denials, as the model, the caller and the audit log see them. */
export type DenialCode = Denied["code"] | "KILLED" | "RATE_LIMIT_EXCEEDED" | "RATE_LIMIT_UNAVAILABLE" | LoopCode;

/** A refusal by any part of the gate. */
export type GateDenial = Omit<Denied, "code" | "cause"> & {
  readonly code: DenialCode;
  /** What it was about, for the developer: finer than the code. */
  readonly cause: DenialCause | "killed" | "rate" | "loop";
  /** The limit that decided; null where none did. */
  readonly rate: RateStatus | null;
};

/** Whether somebody may run a tool now, and why. `allowed` tells the two apart. */
export type Decision = (Permitted & { readonly rate: RateStatus | null }) | GateDenial;

/** A call, or a question about one. */
export interface GateCall {
  readonly subject: Subject | null;
  readonly toolName: string;
  readonly metadata?: Readonly<Record<string, unknown>> | undefined;
  /** Parsed arguments. */
  readonly args?: unknown;
  /** The method, where the asker names one. */
  readonly method?: string | null | undefined;
}

/** Room that was taken for one call. */
export interface Admission {
  readonly allowed: true;
  /** What is left; null where no limit applies. */
  readonly rate: RateStatus | null;
  /** The call did not happen: gives all back, once. */
  release(): void;
}

/** Counts calls of the run, where there is one. */
export interface LoopWatch {
  readonly calls: RunCalls;
  /** Read only when it is needed: making a hash costs. */
  argsHash(): string | null;
}

export interface GateParts {
  readonly grants: Grants;
  readonly rules: ToolRules;
  readonly limiter: RateLimiter;
  readonly kills: KillSwitch;
  isAdmin(subject: Subject): boolean;
  moment(): Moment;
}

/**
 * All that decides about a call, in its order: switched off, permission (level, method, time), the run's loop guard,
 * rate limits. `judge` counts nothing; `admit` takes room under everything or nothing.
 */
export class ToolGate {
  readonly #parts: GateParts;

  constructor(parts: GateParts) {
    this.#parts = parts;
  }

  /** What decides about permission. */
  request({ subject, toolName, metadata, args, method: named }: GateCall, now?: number): DecisionRequest {
    const { rules, isAdmin, moment } = this.#parts;
    const told = rules.method(toolName, metadata, args);
    // Whoever names another method than the arguments say is not believed.
    const contradicted = named != null && told !== null && told !== named;
    const method = contradicted ? null : named === undefined ? told : named;
    const required = rules.required(toolName, metadata, method);
    return { subject, toolName, method, required, now: now ?? moment().epoch, isAdmin };
  }

  /** The denial of a call by what can be judged without counting; null when there is none. */
  judge(call: GateCall): GateDenial | null {
    return this.#judge(call, this.request(call));
  }

  #judge({ subject, toolName }: GateCall, request: DecisionRequest): GateDenial | null {
    const kill = this.#parts.kills.stops(subject, toolName);
    if (kill !== null) return this.#killed(kill, request);
    const denial = denialFor(this.#parts.grants, request);
    return denial === null ? null : { ...denial, rate: null };
  }

  /** Everything that would decide a call now. Takes nothing. */
  decide(call: GateCall, now?: number): Decision {
    const request = this.request(call, now);
    const { kills, grants } = this.#parts;
    const kill = kills.stops(call.subject, call.toolName);
    if (kill !== null) return this.#killed(kill, request);
    const permission = decide(grants, request);
    if (!permission.allowed) return { ...permission, rate: null };
    const limits = this.limits(request);
    const refused = decisive(limits.map(({ status }) => status).filter(({ allowed }) => !allowed));
    if (refused === undefined) return { ...permission, rate: decisive(limits.map(({ status }) => status)) ?? null };
    const holder = limits.find(({ status }) => status === refused)?.subject as Subject;
    return this.#limited(request, holder, refused);
  }

  /** Every window that a call of these principals is under, as it stands. */
  limits(request: DecisionRequest): readonly { readonly subject: Subject; readonly status: RateStatus }[] {
    const { limiter, moment } = this.#parts;
    const at = moment();
    return this.#wishes(request).flatMap(({ subject, ...wish }) =>
      limiter.peek(wish, at).map((status) => ({ subject, status })),
    );
  }

  /**
   * Judges once more and takes room for one call: in the run's count and under every window of every principal.
   *
   * @param shadow told of a denial that is not enforced; the call then goes on and takes nothing
   * @param now epoch milliseconds of an answer given already, which this one must not contradict
   */
  admit(
    call: GateCall,
    loop: LoopWatch | null,
    shadow?: (denial: GateDenial) => void,
    now?: number,
  ): Admission | GateDenial {
    const request = this.request(call, now);
    const { limiter, moment } = this.#parts;
    const answer = (denial: GateDenial): Admission | GateDenial => {
      if (shadow === undefined || denial.cause === "killed" || denial.cause === "no-identity") return denial;
      shadow(denial);
      return NOTHING_TAKEN;
    };
    const denial = this.#judge(call, request);
    if (denial !== null) return answer(denial);
    const argsHash = loop?.argsHash() ?? null;
    const found = loop?.calls.take(call.toolName, argsHash) ?? null;
    if (found !== null) return answer(this.#looping(request, found));
    const uncount = (): void => loop?.calls.release(call.toolName, argsHash);
    const wishes = this.#wishes(request);
    const taken = limiter.take(wishes, moment());
    if (!taken.ok) {
      uncount();
      const holder = wishes.find(({ key }) => key === taken.wish.key)?.subject ?? (call.subject as Subject);
      return answer(this.#limited(request, holder, taken.status));
    }
    let held = true;
    return {
      allowed: true,
      rate: decisive(taken.statuses) ?? null,
      release() {
        if (!held) return;
        held = false;
        taken.release();
        uncount();
      },
    };
  }

  #wishes(request: DecisionRequest): readonly (RateWish & { readonly subject: Subject })[] {
    const { grants, rules } = this.#parts;
    const all = rules.limits(request.toolName);
    const seen = new Set<string>();
    return chainOf(request.subject).flatMap((subject) => {
      const key = keyOf(subject, request.toolName);
      // Somebody who acts for themselves makes one call, not two.
      if (seen.has(key)) return [];
      seen.add(key);
      const own = grantsInForce(grants, subject, request).flatMap(({ rateLimit }) => rateLimit);
      const windows = own.length === 0 ? all : distinct([...all, ...own]);
      return windows.length === 0 ? [] : [{ subject, key, windows }];
    });
  }

  #denial(
    { required, method, now }: DecisionRequest,
    what: Pick<GateDenial, "code" | "cause" | "message" | "reason" | "rate">,
  ): GateDenial {
    return {
      ...what,
      allowed: false,
      requiredLevel: required,
      method: method ?? null,
      grantIds: [],
      policyVersion: this.#parts.grants.version,
      evaluatedAt: now,
    };
  }

  #killed(kill: Kill, request: DecisionRequest): GateDenial {
    return this.#denial(request, {
      code: "KILLED",
      cause: "killed",
      message: killMessage(request.toolName),
      reason: killReason(kill),
      rate: null,
    });
  }

  #looping(request: DecisionRequest, found: LoopFinding): GateDenial {
    return this.#denial(request, {
      code: found.code,
      cause: "loop",
      message: loopMessage(request.toolName, found),
      reason: loopReason(request.toolName, found),
      rate: null,
    });
  }

  #limited(request: DecisionRequest, holder: Subject, rate: RateStatus | null): GateDenial {
    return this.#denial(request, {
      code: rate === null ? "RATE_LIMIT_UNAVAILABLE" : "RATE_LIMIT_EXCEEDED",
      cause: "rate",
      message: rateMessage(request.toolName, rate),
      reason: rateReason(request.toolName, holder, rate),
      rate,
    });
  }
}

const NOTHING_TAKEN: Admission = Object.freeze({ allowed: true, rate: null, release: () => undefined });

const distinct = (windows: readonly RateWindow[]): readonly RateWindow[] => [
  ...new Map(windows.map((window) => [`${window.limit} ${window.windowMs}`, window])).values(),
];
