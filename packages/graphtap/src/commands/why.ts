import { explained, type Explained } from "../catalogs.js";
import type { Command, Outcome } from "../cli/command.js";
import { nearest } from "../cli/nearest.js";
import { codeUnknown, usage } from "../errors.js";
import type { Paint } from "../paint.js";

export const why: Command = {
  name: "why",
  summary: "the long form of an error or denial code: cause, what to do, example",
  args: ["[CODE]"],
  options: { list: { type: "boolean", doc: "list every code" } },
  run({ args, flags, paint }) {
    if (flags.on("list")) return list();
    const [given] = args;
    if (given === undefined) throw usage("why", "CODE is missing; --list prints every code.");
    const code = plain(given);
    const entry = explained.get(code);
    if (entry === undefined) throw codeUnknown(given.slice(0, 80), nearest(code, explained.keys()));
    return { exit: 0, text: long(entry, paint), data: entry };
  },
};

/** Also takes what a message shows: `[CODE]`, `CODE:`, in any case. */
const plain = (given: string): string =>
  given
    .trim()
    .replaceAll(/^\[|\]$|:$/g, "")
    .toUpperCase()
    .replaceAll("-", "_");

function long({ code, package: name, title, why: cause, do: fix, example }: Explained, paint: Paint): string {
  const parts = [
    `${paint("bold", code)} (${name}): ${title.replace(/\.$/, "")}`,
    `  Why: ${block(cause)}`,
    `  Do:  ${block(fix)}`,
  ];
  if (example !== undefined) parts.push(`  Example:\n    ${example.split("\n").join("\n    ")}`);
  return parts.join("\n\n");
}

const block = (text: string): string => text.split("\n").join("\n       ");

function list(): Outcome {
  const entries = [...explained.values()];
  const width = Math.max(...entries.map(({ code }) => code.length));
  const sections = [...new Set(entries.map((entry) => entry.package))].sort().map((name) => {
    const own = entries.filter((entry) => entry.package === name);
    return [name, ...own.map(({ code, title }) => `  ${code.padEnd(width)}  ${title.replace(/\.$/, "")}`)].join("\n");
  });
  return { exit: 0, text: sections.join("\n\n"), data: entries };
}
