import { isAlnum, isWide, lower } from "./chars.js";
import { fold, lookalike } from "./fold.js";
import { hit, MORE, OPEN, type Rule, SPACES_LIMIT } from "./rule.js";

interface State {
  readonly next: Map<number, State>;
  ends: boolean;
}

/** Longest entry of a list, in characters. */
export const TERM_LIMIT = 48;

/** A word as a list and a text are compared: folded, in small letters, one space between words. */
export const comparable = (term: string): string =>
  fold(term, true)
    .text.toLowerCase()
    .replaceAll(/[^ -~]/g, (letter) => lookalike(letter.charCodeAt(0)) ?? letter)
    .replaceAll(/[ \t\r\n]+/g, " ")
    .trim();

const small = (code: number): number => (code < 128 ? lower(code) : smallWide(code));
function smallWide(code: number): number {
  const letter = String.fromCharCode(code).toLowerCase();
  const small = letter.length === 1 ? letter.charCodeAt(0) : code;
  // Read so in some places and not in others, by what is next to it.
  return lookalike(small)?.charCodeAt(0) ?? small;
}
const isBlank = (code: number): boolean => code === 32 || code === 9 || code === 10 || code === 13;
const inWord = (code: number): boolean => isAlnum(code) || isWide(code);

/**
 * A list of words and phrases as one automaton: the longest entry from a place wins, and each place costs at most the
 * longest entry. `wholeWords`: an entry begins and ends where a word does.
 */
export function denyListRule(id: string, terms: readonly string[], wholeWords: boolean): Rule {
  const root: State = { next: new Map(), ends: false };
  for (const term of terms) add(root, comparable(term));
  const starts = [...root.next.keys()].filter((code) => code < 128);
  return {
    id,
    kind: "denied",
    priority: 95,
    starts: starts.map((code) => String.fromCharCode(code) + String.fromCharCode(code).toUpperCase()).join(""),
    // Also where it begins with a letter that is only read as a Latin one among others.
    wide: starts.length < root.next.size || terms.some((term) => term.trim().charCodeAt(0) >= 128),
    anywhere: !wholeWords,
    match(view, at) {
      if (wholeWords && inWord(view.peek(at)) && inWord(view.prev(at))) return null;
      let state = root;
      let end = -1;
      let i = at;
      for (;;) {
        const code = view.peek(i);
        if (code === OPEN) return MORE;
        if (state.ends && (!wholeWords || !inWord(code) || !inWord(view.prev(i)))) end = i;
        let step = state.next.get(isBlank(code) ? 32 : small(code));
        if (step === undefined) break;
        state = step;
        i++;
        if (!isBlank(code)) continue;
        for (let blanks = 1; isBlank(view.peek(i)) && blanks < SPACES_LIMIT; blanks++) i++;
        if (view.peek(i) === OPEN) return MORE;
      }
      return end < 0 ? null : hit(at, end);
    },
  };
}

function add(root: State, term: string): void {
  let state = root;
  for (let i = 0; i < term.length; i++) {
    const code = term.charCodeAt(i);
    let next = state.next.get(code);
    if (next === undefined) state.next.set(code, (next = { next: new Map(), ends: false }));
    state = next;
  }
  state.ends = true;
}
