import { parseArgs } from "node:util";
import { usage } from "../errors.js";
import { type Command, COMMON, type OptionDoc } from "./command.js";

/** The options of one call. */
export interface Flags {
  on(name: string): boolean;
  text(name: string): string | undefined;
  texts(name: string): readonly string[];
}

type Values = Readonly<Record<string, string | boolean | (string | boolean)[] | undefined>>;

const flagsOf = (values: Values): Flags => ({
  on: (name) => values[name] === true,
  text(name) {
    const value = values[name];
    return typeof value === "string" ? value : undefined;
  },
  texts(name) {
    const value = values[name];
    return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
  },
});

const forNode = (options: Readonly<Record<string, OptionDoc>>) =>
  Object.fromEntries(
    Object.entries(options).map(([name, { type, multiple = false }]) => [
      name,
      name === "help" ? { type, multiple, short: "h" } : { type, multiple },
    ]),
  );

/** @throws GraphTapError CLI_USAGE */
export function parseCall(
  command: Command,
  argv: readonly string[],
): { readonly args: readonly string[]; readonly flags: Flags } {
  let parsed: { values: Values; positionals: string[] };
  try {
    parsed = parseArgs({
      args: [...argv],
      options: forNode({ ...command.options, ...COMMON }),
      allowPositionals: true,
      strict: true,
    });
  } catch (error) {
    throw usage(command.name, (error as Error).message);
  }
  const flags = flagsOf(parsed.values);
  const args = parsed.positionals;
  if (flags.on("help")) return { args, flags };
  const missing = command.args.slice(args.length).find((name) => !name.startsWith("["));
  if (missing !== undefined) throw usage(command.name, `${missing} is missing.`);
  const extra = args[command.args.length];
  if (extra !== undefined) throw usage(command.name, `"${extra}" is one argument too many.`);
  return { args, flags };
}

/** A command line, with the command found and the options that all commands have taken out of what is left. */
export interface Split {
  readonly command: string | null;
  /** Everything but the command, as it was. */
  readonly rest: readonly string[];
  /** `rest` without the options that every command has; what follows `--` stays. */
  readonly own: readonly string[];
  readonly flags: Flags;
  readonly version: boolean;
}

/** Finds the command among options, in any order: `--stack x doctor` and `doctor --stack x`. */
export function splitLine(argv: readonly string[]): Split {
  const known = forNode(COMMON);
  const { tokens, values } = parseArgs({
    args: [...argv],
    options: { ...known, version: { type: "boolean", short: "v" } },
    allowPositionals: true,
    strict: false,
    tokens: true,
  });
  const end = tokens.find(({ kind }) => kind === "option-terminator")?.index ?? argv.length;
  const first = tokens.find(({ kind, index }) => kind === "positional" && index < end);
  const taken = new Set<number>(first === undefined ? [] : [first.index]);
  for (const token of tokens) {
    if (token.kind === "option-terminator") taken.add(token.index);
    if (token.kind !== "option" || !(token.name in known)) continue;
    taken.add(token.index);
    if (token.value !== undefined && token.inlineValue === false) taken.add(token.index + 1);
  }
  return {
    command: first === undefined ? null : (argv[first.index] ?? null),
    rest: argv.filter((_, index) => index !== first?.index),
    own: argv.filter((_, index) => !taken.has(index)),
    flags: flagsOf(values),
    version: values["version"] === true,
  };
}
