import type { ContentAction } from "../keys.js";
import type { PatternSet } from "./patterns.js";
import type { Rule } from "./rule.js";

/** A rule at one place, with what is done there. */
export interface Armed {
  readonly rule: Rule;
  readonly action: Exclude<ContentAction, "allow">;
}

/** What one place looks for. Rules by the character they begin with, the highest priority first. */
export interface Program {
  readonly byStart: readonly (readonly Armed[] | undefined)[];
  /** Those that may begin within a word. */
  readonly anywhere: readonly (readonly Armed[] | undefined)[];
  readonly wide: readonly Armed[];
  /** The rule that reads keys, for data. */
  readonly credential: Armed | null;
  readonly patterns: PatternSet | null;
  /** A text that is shorter holds nothing that is looked for. */
  readonly shortest: number;
  /** A text without any of this holds nothing; null where anything may be looked for. */
  readonly sign: RegExp | null;
  readonly ids: ReadonlySet<string>;
  /** What is done, by detector. */
  readonly actions: ReadonlyMap<string, Armed["action"]>;
}

/** `pwd="x"`, `a@b.cd` and `+1234567` are the shortest. */
const SHORTEST = 6;

/**
 * All of the package's detectors need one of these: a sign that none of them does without, dashes as they begin a key,
 * a word as long as a token, the one that tokens follow, the beginning of a bank account, or the digits of a telephone.
 * Each alternative reads on from where it began until it knows, so a text is read no more than a few times.
 */
const SIGN =
  /[^a-zA-Z0-9 \t\n\r!-$&-/;<>?[\]^`{|}~_]|-----|[^ \t\n\r]{15}|[bB][eE][aA][rR][eE][rR]|[a-zA-Z]{2}[0-9]{2}|[0-9](?:[^0-9]*[0-9]){6}/;

/** Arranges what a place looks for. */
export function compile(armed: readonly Armed[], patterns: PatternSet | null): Program {
  const sorted = armed.toSorted((a, b) => b.rule.priority - a.rule.priority);
  const open = patterns !== null || sorted.some(({ rule }) => rule.kind === "denied");
  const table = (of: readonly Armed[]): (readonly Armed[] | undefined)[] =>
    Array.from({ length: 128 }, (_, code) => {
      const char = String.fromCharCode(code);
      const found = of.filter(({ rule }) => rule.starts.includes(char));
      return found.length > 0 ? found : undefined;
    });
  return {
    byStart: table(sorted),
    anywhere: table(sorted.filter(({ rule }) => rule.anywhere === true)),
    wide: sorted.filter(({ rule }) => rule.wide === true),
    credential: sorted.find(({ rule }) => rule.id === "credential") ?? null,
    patterns,
    shortest: open ? 1 : SHORTEST,
    sign: open ? null : SIGN,
    ids: new Set([...sorted.map(({ rule }) => rule.id), ...(patterns?.ids ?? []), "limit"]),
    actions: new Map([
      ...(patterns?.patterns ?? []).map(({ id, action }) => [id, action] as const),
      ...sorted.map(({ rule, action }) => [rule.id, action] as const),
    ]),
  };
}

/** Whether a place looks for nothing at all. */
export const isEmpty = (program: Program): boolean => program.ids.size === 1;
