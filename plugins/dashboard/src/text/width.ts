// What terminals draw two columns wide: East Asian wide and full-width characters, and emoji.
const WIDE =
  /[\u1100-\u115F\u2E80-\u303E\u3041-\uA4CF\uA960-\uA97F\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6\u{16FE0}-\u{18DFF}\u{1AFF0}-\u{1B2FF}\u{20000}-\u{3FFFD}]|\p{Emoji_Presentation}|\p{Extended_Pictographic}\uFE0F/u;
const PLAIN = /^[\x20-\x7E]*$/;
const letters = new Intl.Segmenter("en", { granularity: "grapheme" });

const widthOf = (letter: string): number => (WIDE.test(letter) ? 2 : 1);

/** Columns that a text takes in a terminal. */
export function columnsOf(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let columns = 0;
  for (const { segment } of letters.segment(text)) columns += widthOf(segment);
  return columns;
}

/** What is wider ends in a mark; no letter is cut in two. */
export function cut(text: string, size: number): string {
  if (columnsOf(text) <= size) return text;
  let kept = "";
  let columns = 1;
  for (const { segment } of letters.segment(text)) {
    columns += widthOf(segment);
    if (columns > size) break;
    kept += segment;
  }
  return `${kept}…`;
}

const blanks = (text: string, size: number): string => " ".repeat(Math.max(0, size - columnsOf(text)));
export const padStart = (text: string, size: number): string => blanks(text, size) + text;
export const padEnd = (text: string, size: number): string => text + blanks(text, size);
