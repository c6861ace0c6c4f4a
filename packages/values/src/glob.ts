import { ValuesError } from "./errors.js";

function matchesAt(literal: string, text: string, at: number): boolean {
  for (let index = 0; index < literal.length; index++)
    if (literal[index] !== "?" && literal[index] !== text[at + index]) return false;
  return true;
}

function find(literal: string, text: string, from: number, end: number): number {
  if (!literal.includes("?")) {
    const at = text.indexOf(literal, from);
    return at >= 0 && at + literal.length <= end ? at : -1;
  }
  for (let at = from; at + literal.length <= end; at++) if (matchesAt(literal, text, at)) return at;
  return -1;
}

/**
 * Turns a pattern into a test: `*` stands for any text, the empty one too, `?` for exactly one UTF-16 unit, everything
 * else for itself, case included. There is no escape and no RegExp, and no pattern is slow: time grows with the length
 * of the text times the longest part between two stars, whatever the number of stars.
 *
 * @throws ValuesError `GLOB_INVALID` when the pattern is not a string.
 * @example
 * const readOnly = compileGlob("search_*");
 * readOnly("search_articles") // true
 */
export function compileGlob(pattern: string): (text: string) => boolean {
  if (typeof pattern !== "string") throw new ValuesError("GLOB_INVALID", "$", `a glob was given a ${typeof pattern}.`);
  if (!pattern.includes("*") && !pattern.includes("?")) return (text) => text === pattern;
  const parts = pattern.split("*");
  const head = parts[0] ?? "";
  if (parts.length === 1)
    return (text) => typeof text === "string" && text.length === head.length && matchesAt(head, text, 0);
  const tail = parts.at(-1) ?? "";
  const middle = parts.slice(1, -1).filter((part) => part !== "");
  return (text) => {
    if (typeof text !== "string" || text.length < head.length + tail.length) return false;
    const end = text.length - tail.length;
    if (!matchesAt(head, text, 0) || !matchesAt(tail, text, end)) return false;
    // The leftmost place of each part is always good enough, so nothing is ever tried twice.
    let from = head.length;
    for (const part of middle) {
      const at = find(part, text, from, end);
      if (at < 0) return false;
      from = at + part.length;
    }
    return true;
  };
}
