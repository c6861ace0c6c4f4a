import { sameData } from "@graphtap/values";
import type { BaseMessage } from "@langchain/core/messages";
import { appended, isMessages, messagesDelta, unchanged } from "./delta.js";

/** What one member made of a channel. */
export interface Change {
  readonly member: string;
  /** The whole value it ended with. */
  readonly value: unknown;
}

/** What a merge function gets; what it returns is written to the channel, through the channel's own reducer. */
export interface MergeInput {
  readonly channel: string;
  /** The value all of them began with. */
  readonly before: unknown;
  /** In declared order, whichever ended first. */
  readonly changes: readonly Change[];
}

/**
 * How changes of members come together. `messages`: new messages, by id. `append`: what each added at the end of a list.
 * `union`: the lists of all, each element once. `last`, `first`: by declared order.
 */
export type Merge = "messages" | "append" | "union" | "last" | "first" | ((input: MergeInput) => unknown);

/** `only`: a value that no two members may change differently. What is used where nothing was declared. */
export type MergeRule = Merge | "only";

export const MERGES: readonly string[] = Object.freeze(["messages", "append", "union", "last", "first"]);

export type Merged =
  | { readonly update: unknown; readonly disagreed: boolean; readonly kept: string | null }
  | { readonly conflict: string };

/** Brings the changes of one channel together. At least one change. */
export function merge(rule: MergeRule, input: MergeInput): Merged {
  const { before, changes } = input;
  const disagreed = changes.some(({ value }) => !unchanged(value, changes[0]?.value));
  const took = (change: Change | undefined): Merged => ({
    update: change?.value,
    disagreed,
    kept: change?.member ?? null,
  });
  if (typeof rule === "function") return { update: rule(input), disagreed, kept: null };
  switch (rule) {
    case "messages": {
      const lists = changes.map(({ value }) => value);
      if (!lists.every(isMessages)) return { conflict: "it does not hold messages only." };
      return { update: lists.flatMap((list) => messagesDelta(before, list)), disagreed: false, kept: null } satisfies {
        update: BaseMessage[];
      } & Merged;
    }
    case "append": {
      const tails = changes.map(({ value }) => appended(before, value));
      if (tails.includes(null)) return { conflict: "a member did more to it than to append to a list." };
      return { update: tails.flat(), disagreed: false, kept: null };
    }
    case "union": {
      if (!changes.every(({ value }) => Array.isArray(value))) return { conflict: "it is not a list." };
      return { update: distinct(changes.flatMap(({ value }) => value as unknown[])), disagreed: false, kept: null };
    }
    case "first":
      return took(changes[0]);
    case "last":
      return took(changes.at(-1));
    case "only":
      return disagreed
        ? { conflict: "they changed it in different ways, and no merge is declared." }
        : took(changes[0]);
  }
}

function distinct(items: readonly unknown[]): readonly unknown[] {
  const kept: unknown[] = [];
  for (const item of items) if (!kept.some((other) => sameData(other, item))) kept.push(item);
  return kept;
}
