import type { Table } from "./view.js";
import { columnsOf, cut, padEnd, padStart } from "./width.js";

/** One line of a table as it is drawn, without colours. */
export interface TableLine {
  readonly text: string;
  readonly isHead: boolean;
}

/** Between columns. */
const GAP = "  ";
/** No column gets narrower, unless all that is in it does. */
const NARROWEST = 12;
/** Lines that one row may take; what is longer is cut. */
const MOST_LINES = 4;

/**
 * A table within a width. Where it is too wide, headings and cells go on over several lines before anything is cut, and
 * columns that have no room at all are named.
 */
export function tableText(
  columns: Table["columns"],
  rows: Table["rows"],
  width: number,
): { readonly lines: readonly TableLine[]; readonly left: readonly string[] } {
  const heads = columns.map(({ label }) => label);
  const all = [heads, ...rows];
  const widest = (measure: (text: string) => number): readonly number[] =>
    columns.map((_, at) => Math.max(...all.map((row) => measure(row[at] ?? ""))));
  const widths = fit(widest(columnsOf), widest(longestWord), width);
  const lines = all.flatMap((row, index) =>
    rowLines(row, widths, columns).map((text) => ({ text, isHead: index === 0 })),
  );
  return { lines, left: heads.slice(widths.length) };
}

const longestWord = (text: string): number => Math.max(...text.split(" ").map(columnsOf));

/** Widths that fit: the widest give way first, whole words as long as that is possible; the last columns go at the end. */
function fit(natural: readonly number[], words: readonly number[], width: number): readonly number[] {
  const widths = [...natural];
  let over = widths.reduce((sum, size) => sum + size, 0) + GAP.length * (widths.length - 1) - width;
  for (const least of [(at: number) => words[at] ?? 0, (at: number) => Math.min(NARROWEST, words[at] ?? 0)])
    for (; over > 0; over--) {
      const [widest] = [...widths.keys()]
        .filter((at) => (widths[at] as number) > least(at))
        .sort((a, b) => (widths[b] as number) - (widths[a] as number));
      if (widest === undefined) break;
      widths[widest] = (widths[widest] as number) - 1;
    }
  return over <= 0 || widths.length === 0 ? widths : fit(natural.slice(0, -1), words, width);
}

function rowLines(row: readonly string[], widths: readonly number[], columns: Table["columns"]): readonly string[] {
  const cells = widths.map((size, at) => wrapped(row[at] ?? "", size));
  const height = Math.max(...cells.map((cell) => cell.length));
  return Array.from({ length: height }, (_, line) =>
    cells
      .map((cell, at) => {
        const text = cell[line] ?? "";
        const size = widths[at] as number;
        return columns[at]?.right === true ? padStart(text, size) : padEnd(text, size);
      })
      .join(GAP)
      .trimEnd(),
  );
}

/** A text over lines, broken between words. */
function wrapped(text: string, size: number): readonly string[] {
  if (columnsOf(text) <= size) return [text];
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    if (line !== "" && columnsOf(line) + 1 + columnsOf(word) > size) {
      lines.push(line);
      line = "";
    }
    line = cut(line === "" ? word : `${line} ${word}`, size);
  }
  lines.push(line);
  if (lines.length <= MOST_LINES) return lines;
  return [...lines.slice(0, MOST_LINES - 1), cut(`${lines[MOST_LINES - 1]}…`, size)];
}
