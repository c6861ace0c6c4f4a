import { type Command, COMMON, type OptionDoc } from "./command.js";

/** A command as the list shows it. */
export interface Listed {
  readonly name: string;
  readonly summary: string;
  /** The plugin that adds it; null for a built-in one. */
  readonly plugin: string | null;
}

const columns = (rows: readonly (readonly [string, string])[]): string => {
  const width = Math.max(0, ...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`.trimEnd()).join("\n");
};

const optionRow = ([name, { value, doc, multiple }]: [string, OptionDoc]): readonly [string, string] => [
  `--${name}${value === undefined ? "" : ` <${value}>`}`,
  multiple === true ? `${doc}; may be repeated` : doc,
];

const called = ({ name, args }: Command): string =>
  [name, ...args.map((arg) => (arg.startsWith("[") ? arg : `<${arg}>`))].join(" ");

/** What `graphtap <command> --help` prints. */
export function commandHelp(command: Command): string {
  const parts = [
    `graphtap ${called(command)}`,
    command.summary,
    columns(Object.entries({ ...command.options, ...COMMON }).map(optionRow)),
    command.notes ?? "",
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** What `graphtap --help` prints. */
export function overview(commands: readonly Command[], added: readonly Listed[], remark: string | null): string {
  const parts = [
    "graphtap <command> [options]",
    columns(commands.map((command) => [called(command), command.summary] as const)),
    added.length === 0
      ? ""
      : `Added by plugins:\n${columns(added.map(({ name, summary, plugin }) => [name, `${summary} (${plugin})`] as const))}`,
    remark ?? "",
    `Every command:\n${columns(Object.entries(COMMON).map(optionRow))}`,
    "Exit code 0: nothing wrong. 1: something was found, or failed. 2: the command was called wrongly.",
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}
