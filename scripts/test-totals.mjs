// @ts-check
/** Adds up the vitest reports in a folder and prints one line for all; fails when a test failed or none ran. */
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { readJson } from "./workspace.mjs";

/** @param {{ numPassedTests: number, numFailedTests: number, numPendingTests: number, numTodoTests?: number }[]} reports */
export function totalsOf(reports) {
  const sum = { passed: 0, failed: 0, skipped: 0 };
  for (const report of reports) {
    sum.passed += report.numPassedTests;
    sum.failed += report.numFailedTests;
    sum.skipped += report.numPendingTests + (report.numTodoTests ?? 0);
  }
  return sum;
}

/** @param {{ passed: number, failed: number, skipped: number }} totals */
export const line = ({ failed, passed, skipped }) =>
  `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const folder = process.argv[2] ?? "";
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".json")) : [];
  const reports = names.map((name) => ({ name: name.replace(".json", ""), report: readJson(join(folder, name)) }));
  for (const { name, report } of reports) console.log(`${name}: ${line(totalsOf([report]))}`);
  const totals = totalsOf(reports.map(({ report }) => report));
  console.log(line(totals));
  if (totals.failed > 0 || totals.passed === 0) process.exitCode = 1;
}
