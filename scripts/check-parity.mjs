// @ts-check
/**
 * Checks docs/parity.md: one row for each item of the document this project grew from, and nothing named there that is
 * not real. The table:
 *
 *   | C-id  | item              | here                               | proof or replacement                                   |
 *   | C-010 | class WorkflowMetrics | `@graphtap/metrics#WorkflowMetrics` | `test/parity/metrics.test.ts > TestWorkflowMetrics > starts` |
 *
 * Notation, always in backticks:
 *   `package#Export`, `package/subpath#Export`, `package#Export.member`   an export (value or type), or a member of it
 *   `path/to/file.test.ts > title`, `... > suite > title`                 a test that runs; each part is a part of a title
 *   `path/to/file.test-d.ts`                                              a type test, as a whole
 *   `path/to/file.ext`                                                    any other file: it must exist
 * Other text in backticks is free, as long as it has no `#` after a package name and does not look like a path.
 *
 * The last column decides what the row claims. It is one of
 *   a proof: at least one test
 *   `replaced: ` and what replaces it and why, with at least one export, test or file in the row
 *   `later` (more words may follow): then nothing has to exist yet
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { exportsOf, membersOf, sourceOf, titlesOf } from "./source-ast.mjs";
import { listPackages, root } from "./workspace.mjs";

/** First and last number of each run of ids; the document has no others. @type {[number, number][]} */
const runs = [
  [1, 4],
  [10, 22],
  [30, 40],
  [50, 63],
  [70, 81],
  [90, 94],
  [100, 104],
  [110, 116],
  [120, 124],
  [130, 134],
  [140, 144],
  [150, 155],
  [160, 169],
];
export const ids = runs.flatMap(([first, last]) =>
  Array.from({ length: last - first + 1 }, (_, i) => `C-${String(first + i).padStart(3, "0")}`),
);

/** @typedef {{ line: number, id: string, item: string, here: string, proof: string }} Row */

/** @param {string} markdown @returns {Row[]} */
export function rowsOf(markdown) {
  return markdown.split("\n").flatMap((text, index) => {
    if (!/^\|\s*\**C-\d/.test(text)) return [];
    // A pipe inside a cell is written \|, as GitHub wants it.
    const cells = text
      .split(/(?<!\\)\|/)
      .slice(1, -1)
      .map((cell) => cell.trim());
    const [id = "", item = "", here = "", proof = ""] = cells;
    return [{ line: index + 1, id: cells.length === 4 ? id : `${id} (${cells.length} cells)`, item, here, proof }];
  });
}

const exportForm = /^(@graphtap\/[\w-]+(?:\/[\w-]+)*|graphtap(?:\/[\w-]+)*)#([\w$]+)((?:\.[\w$]+)*)$/;
const pathForm = /^[\w@.-]+(?:\/[\w@.[\]-]+)+\.(?:ts|tsx|mjs|js|md|json)$/;

/**
 * @param {string} markdown
 * @param {string} [top] root of the workspace
 * @returns {{ problems: string[], counts: { proven: number, replaced: number, later: number } }}
 */
export function checkParity(markdown, top = root) {
  /** @type {string[]} */
  const problems = [];
  const counts = { proven: 0, replaced: 0, later: 0 };
  const locate = sourceOf(listPackages(top));
  const rows = rowsOf(markdown);

  /** @param {string} reference @returns {string | null} what is wrong with it */
  const wrongExport = (reference) => {
    const [, specifier = "", name = "", members = ""] = exportForm.exec(reference) ?? [];
    const file = locate(specifier);
    if (!file) return `\`${reference}\`: no workspace package has the entry "${specifier}"`;
    const place = exportsOf(file, locate).get(name);
    if (!place) return `\`${reference}\`: "${specifier}" does not export "${name}"`;
    const known = members ? membersOf(place.node) : null;
    for (const member of members.split(".").slice(1)) {
      if (!known?.has(member)) return `\`${reference}\`: "${name}" has no member "${member}"`;
    }
    return null;
  };

  /** @param {string} path @param {string[]} parts @returns {string | null} */
  const wrongTest = (path, parts) => {
    const file = join(top, path);
    if (!existsSync(file)) return `\`${path}\`: no such file`;
    if (path.endsWith(".test-d.ts")) return null;
    if (parts.length === 0) return `\`${path}\`: name the test too, as \`${path} > title\``;
    const titles = titlesOf(file);
    const lost = parts.find((part) => !titles.some((title) => title.includes(part)));
    return lost === undefined ? null : `\`${path}\`: no running test or suite is called "${lost}"`;
  };

  for (const { id, here, item, line, proof } of rows) {
    const say = (/** @type {string} */ text) => problems.push(`line ${line}, ${id}: ${text}`);
    if (!ids.includes(id)) say("no such item, or not four columns");
    if (!item || !here) say("the columns item and here must not be empty");
    if (/^\**later\b/i.test(proof)) {
      counts.later += 1;
      continue;
    }
    let tests = 0;
    let references = 0;
    for (const [, quoted = ""] of `${here} ${proof}`.matchAll(/`([^`]+)`/g)) {
      const [path = "", ...parts] = quoted.split(" > ").map((part) => part.trim());
      const isTest = /\.(?:test|test-d)\.[cm]?tsx?$/.test(path);
      let wrong = null;
      if (isTest) wrong = wrongTest(path, parts);
      else if (exportForm.test(quoted)) wrong = wrongExport(quoted);
      else if (/^(?:@graphtap\/|graphtap[/#])\S*#/.test(quoted))
        wrong = `\`${quoted}\`: not of the form package#Export.member`;
      else if (pathForm.test(quoted) && !quoted.startsWith("@"))
        wrong = existsSync(join(top, quoted)) ? null : `\`${quoted}\`: no such file`;
      else continue;
      references += 1;
      if (isTest && proof.includes(quoted)) tests += 1;
      if (wrong) say(wrong);
    }
    if (/^\**replaced\b/i.test(proof)) {
      counts.replaced += 1;
      if (!/^\**replaced\**:\**\s+\S.{19,}/i.test(proof)) say('"replaced:" must say by what and why');
      if (references === 0) say('"replaced:" must name an export, a test or a file');
    } else if (tests > 0) counts.proven += 1;
    else say('the last column needs a test, or "replaced: ...", or "later"');
  }
  for (const id of ids) {
    const lines = rows.filter((row) => row.id === id).map((row) => row.line);
    if (lines.length === 0) problems.push(`${id}: no row`);
    if (lines.length > 1) problems.push(`${id}: ${lines.length} rows, at lines ${lines.join(", ")}`);
  }
  return { problems, counts };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const file = join(root, "docs/parity.md");
  if (!existsSync(file)) {
    console.error("docs/parity.md is missing");
    process.exit(1);
  }
  const { counts, problems } = checkParity(readFileSync(file, "utf8"));
  for (const problem of problems) console.error(`docs/parity.md ${problem}`);
  const summary = `${counts.proven} proven, ${counts.replaced} replaced, ${counts.later} later, of ${ids.length}`;
  console.log(problems.length > 0 ? `parity: ${problems.length} problems (${summary})` : `parity: ${summary}`);
  process.exitCode = problems.length > 0 ? 1 : 0;
}
