import { hookInvalid, hookNameInvalid } from "./errors.js";
import { isWaitable, misfits, type Rule } from "./given.js";
import type { Deny, Hold, Transform, Verdict } from "./verdict.js";

const BRAND = Symbol.for("graphtap.hook");

/** How the taps of a hook are combined. */
export type HookKind = "series" | "sync" | "waterfall" | "bail" | "around" | "collect" | "guard" | "reserve";

/**
 * What happens when a tap fails. `throw`: the caller gets the error with plugin and hook. `report`: it is counted and
 * logged, the call goes on. `deny`: guards and reserves answer with a denial; a waterfall, bail or around throws, and
 * whoever fires it turns the error into a denial.
 */
export type Fault = "throw" | "report" | "deny";

/** A hook, as a value that is exported and tapped. `V` is the value, `C` the context, `R` what a tap gives. */
export interface HookDef<K extends HookKind, V, C, R> {
  readonly name: string;
  readonly kind: K;
  readonly fault: Fault;
  /** Milliseconds one tap may take; null: no limit. For `around` only the tap's own time counts. */
  readonly timeoutMs: number | null;
  readonly doc: string;
  /** True for guards whose taps may return `transform(value)`. */
  readonly transforms: boolean;
  /** Carries the types; never present. */
  readonly "~types"?: { readonly value: V; readonly context: C; readonly result: R };
}

// The type arguments must be `any`: a hook's value is both produced and consumed, so no other type accepts all of them.
export type AnyHookDef = HookDef<HookKind, any, any, any>;

/** Options of every kind. */
export interface HookOptions {
  readonly fault?: Fault;
  /** Milliseconds one tap may take; null: no limit. */
  readonly timeoutMs?: number | null;
  /** One line for docs and `inspect()`. */
  readonly doc?: string;
}

type MaybeAsync<T> = T | Promise<T>;
type Answer<R> = MaybeAsync<R | undefined | void>;

/** The function a tap is, per kind. */
export interface TapFns<V, C, R> {
  series: (value: V, ctx: C) => MaybeAsync<void>;
  /** `undefined`, not `void`: a `void` return type would accept an async function. */
  sync: (value: V, ctx: C) => undefined;
  waterfall: (value: V, ctx: C) => Answer<V>;
  bail: (value: V, ctx: C) => Answer<R>;
  around: (request: V, next: (request?: V) => R, ctx: C) => R;
  collect: (value: V, ctx: C) => Answer<R>;
  guard: (value: V, ctx: C) => Answer<R>;
  reserve: (value: V, ctx: C) => Answer<Hold<R> | Deny>;
}

/** The function that taps hook `D`. */
export type TapFn<D> = D extends HookDef<infer K, infer V, infer C, infer R> ? TapFns<V, C, R>[K] : never;

export type ValueOf<D> = D extends HookDef<HookKind, infer V, any, any> ? V : never;
export type ContextOf<D> = D extends HookDef<HookKind, any, infer C, any> ? C : never;

interface KindRule {
  readonly faults: readonly [Fault, ...Fault[]];
  readonly timeoutMs: number | null;
}

/** First fault is the default. What is missing would make no sense: a guard that reports fails open, for one. */
const RULES: Readonly<Record<HookKind, KindRule>> = {
  series: { faults: ["report", "throw"], timeoutMs: 5_000 },
  sync: { faults: ["report", "throw"], timeoutMs: null },
  waterfall: { faults: ["throw", "report", "deny"], timeoutMs: 10_000 },
  bail: { faults: ["throw", "report", "deny"], timeoutMs: 10_000 },
  around: { faults: ["throw", "deny"], timeoutMs: null },
  collect: { faults: ["report"], timeoutMs: 5_000 },
  guard: { faults: ["deny", "throw"], timeoutMs: 2_000 },
  reserve: { faults: ["deny", "throw"], timeoutMs: 2_000 },
};

function rulesOf(kind: HookKind): Readonly<Record<keyof HookOptions, Rule>> {
  const { faults } = RULES[kind];
  return {
    fault: [(value) => faults.includes(value as Fault), `"${faults.join('" or "')}"`],
    timeoutMs:
      kind === "sync"
        ? [(value) => value === null, "none, for nothing can interrupt a sync tap"]
        : [(value) => value === null || isWaitable(value), "milliseconds above 0, or null for no limit"],
    doc: [(value) => typeof value === "string", "a text"],
    ...(kind === "guard" && { transform: [(value: unknown) => typeof value === "boolean", "true or false"] }),
  };
}

/** First segments that first-party packages own; anybody else puts a namespace in front. */
const FIRST_PARTY_NOUNS =
  /^(?:workflow|run|node|model|tool|state|metrics|feedback|security|policy|limit|content|audit|cache|budget|approval|performance|memory|composition|dashboard|health|stack)$/;
const NAME = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*(?:\.[a-z][a-z0-9]*(?:-[a-z0-9]+)*)+$/;

function checkName(name: unknown): string {
  if (typeof name !== "string" || !NAME.test(name)) throw hookNameInvalid(name, "form");
  const segments = name.split(".");
  const noun = segments[0] ?? "";
  if (segments.length < 3 && !noun.includes("-") && !FIRST_PARTY_NOUNS.test(noun))
    throw hookNameInvalid(name, "namespace");
  return name;
}

function define(kind: HookKind, name: string, options: HookOptions & { transform?: boolean } = {}): AnyHookDef {
  const rule = RULES[kind];
  checkName(name);
  const problems = misfits(options, rulesOf(kind));
  if (problems.length > 0)
    throw hookInvalid(name, problems.join("\n"), `correct defineHook.${kind}("${name}", options)`);
  const { fault = rule.faults[0], timeoutMs = rule.timeoutMs } = options;
  return Object.freeze({
    name,
    kind,
    fault,
    timeoutMs,
    doc: options.doc ?? "",
    transforms: options.transform === true,
    [BRAND]: true,
  });
}

function defineGuard<V, C = void>(
  name: string,
  options: HookOptions & { readonly transform: true },
): HookDef<"guard", V, C, Verdict | Transform<V>>;
function defineGuard<V, C = void>(
  name: string,
  options?: HookOptions & { readonly transform?: false },
): HookDef<"guard", V, C, Verdict>;
function defineGuard(name: string, options?: HookOptions & { readonly transform?: boolean }): AnyHookDef {
  return define("guard", name, options);
}

/**
 * Defines hooks. A definition is a frozen value: export it, and anybody can tap it with full inference.
 * Names are dotted lower-case; yours start with a namespace (`acme.ticket.triage`, `acme-desk.triage`).
 *
 * @example
 * export const ticketTriage = defineHook.waterfall<Ticket>("acme.ticket.triage");
 * // in a plugin:  api.tap(ticketTriage, (ticket) => ({ ...ticket, priority: "high" }));
 */
export const defineHook = Object.freeze({
  /** Observers, one after the other. Default fault `report`, 5 s per tap. */
  series: <V, C = void>(name: string, options?: HookOptions) =>
    define("series", name, options) as HookDef<"series", V, C, void>,
  /** Synchronous observers, for what happens per chunk; an async function does not compile. Default fault `report`. */
  sync: <V, C = void>(name: string, options?: HookOptions) =>
    define("sync", name, options) as HookDef<"sync", V, C, void>,
  /** Each tap may replace the value; `undefined` keeps it. Default fault `throw`, 10 s per tap. */
  waterfall: <V, C = void>(name: string, options?: HookOptions) =>
    define("waterfall", name, options) as HookDef<"waterfall", V, C, V>,
  /** The first answer that is not `undefined` wins. Default fault `throw`, 10 s per tap. */
  bail: <V, R, C = void>(name: string, options?: HookOptions) =>
    define("bail", name, options) as HookDef<"bail", V, C, R>,
  /** `(request, next, ctx)` around the work; the first in the list is the outermost. Default fault `throw`, no limit. */
  around: <V, R, C = void>(name: string, options?: HookOptions) =>
    define("around", name, options) as HookDef<"around", V, C, R>,
  /** Asks all at once, gives settled results with plugin names. Fault `report`, 5 s per tap. */
  collect: <V, R, C = void>(name: string, options?: HookOptions) =>
    define("collect", name, options) as HookDef<"collect", V, C, R>,
  /** All judge until one denies; deny beats escalate beats allow. Default fault `deny`, 2 s per tap. */
  guard: defineGuard,
  /** Takes from each in order, gives back in reverse when one refuses. Default fault `deny`, 2 s per tap. */
  reserve: <V, A = unknown, C = void>(name: string, options?: HookOptions) =>
    define("reserve", name, options) as HookDef<"reserve", V, C, A>,
});

/** True for a hook definition of any copy of the kernel. */
export function isHookDef(value: unknown): value is AnyHookDef {
  return typeof value === "object" && value !== null && (value as { [BRAND]?: unknown })[BRAND] === true;
}
