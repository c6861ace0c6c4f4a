import { isListOf, isText, type Rule } from "./given.js";
import type { AnyHookDef } from "./hook.js";

export type Stage = "pre" | "normal" | "post";

const isNames = (value: unknown): boolean => isText(value) || isListOf(isText)(value);
const NAMES: Rule = [isNames, "names of plugins"];
/** A stage unknown to the compiler only would be sorted nowhere, and a guard meant for "pre" would run last. */
export const TAP_OPTIONS: Readonly<Record<keyof TapOptions, Rule>> = {
  stage: [(value) => ["pre", "normal", "post"].includes(value as string), '"pre", "normal" or "post"'],
  before: NAMES,
  after: NAMES,
};

/** Where a tap runs among the taps of its hook. */
export interface TapOptions {
  /** All `pre` taps run before all `normal` ones, these before all `post` ones. Default `normal`. */
  readonly stage?: Stage;
  /** Names of plugins whose taps on this hook come later; `"name?"` if the plugin may be absent. */
  readonly before?: string | readonly string[];
  /** Names of plugins whose taps on this hook come earlier; `"name?"` if the plugin may be absent. */
  readonly after?: string | readonly string[];
}

/** What changes about a tap while it lives; shared by all epochs that hold it. */
export interface TapState {
  faults: number;
  /** Faults since the last success. */
  streak: number;
  quarantined: boolean;
  printedAt: number | null;
  unprinted: number;
}

// A tap's function has the type of its hook, which a list of taps on many hooks cannot express.
export type TapFunction = (value: unknown, second: unknown, ctx?: unknown) => unknown;

/** One function of one plugin on one hook. */
export interface Tap {
  /** Instance id of the plugin. */
  readonly plugin: string;
  readonly def: AnyHookDef;
  readonly fn: TapFunction;
  readonly stage: Stage;
  readonly before: readonly string[];
  readonly after: readonly string[];
  readonly state: TapState;
}

export const freshState = (): TapState => ({ faults: 0, streak: 0, quarantined: false, printedAt: null, unprinted: 0 });

export const namesOf = (names: string | readonly string[] | undefined): readonly string[] =>
  names === undefined ? [] : typeof names === "string" ? [names] : [...names];

/** Forgets earlier faults: only those in a row count. */
export function succeeded(tap: Tap): void {
  if (tap.state.streak !== 0) tap.state.streak = 0;
}
