import type { Outcome } from "../cli/command.js";
import type { Paint } from "../paint.js";
import type { Check, Level } from "./check.js";

const LABEL: Readonly<Record<Level, string>> = { ok: "ok", note: "note", finding: "FINDING" };
const TINT = { ok: "green", note: "yellow", finding: "red" } as const;

/** With `strict`, a note counts as a finding. */
export function report(checks: readonly Check[], strict: boolean, paint: Paint): Outcome {
  const counted = strict
    ? checks.map((check) => (check.level === "note" ? { ...check, level: "finding" as const } : check))
    : checks;
  const count = (level: Level): number => counted.filter((check) => check.level === level).length;
  const [findings, notes] = [count("finding"), count("note")];
  const lines = counted.map(({ level, text, code, do: fix }) => {
    const label = paint(TINT[level], LABEL[level].padEnd(7));
    const rest = [...text.split("\n"), ...(level === "finding" && fix !== null ? `Do:  ${fix}`.split("\n") : [])];
    return `${label}  ${rest.join(`\n${" ".repeat(9)}`)}${code === null ? "" : paint("dim", `  [${code}]`)}`;
  });
  const sum = `${plural(findings, "finding")}, ${plural(notes, "note")}${findings + notes > 0 ? "; npx graphtap why CODE explains each" : ""}`;
  return {
    exit: findings > 0 ? 1 : 0,
    text: [...lines, "", sum].join("\n"),
    data: { findings, notes, strict, checks: counted },
  };
}

const plural = (count: number, word: string): string => `${count} ${word}${count === 1 ? "" : "s"}`;
