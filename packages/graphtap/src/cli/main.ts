import { commands } from "../commands/index.js";
import { commandUnknown, isUsageError, usage } from "../errors.js";
import { painter, wantsColor } from "../paint.js";
import { referenceOf, withStack } from "../stack/open.js";
import { VERSION } from "../version.js";
import { addedCommands, chooseAdded, runAdded } from "./added.js";
import { failureData, failureText } from "./failure.js";
import { parseCall, type Split, splitLine } from "./flags.js";
import { commandHelp, type Listed, overview } from "./help.js";
import type { Io } from "./io.js";
import { nearest } from "./nearest.js";

/**
 * Runs one command line. Never throws.
 *
 * @returns the exit code: 0 nothing wrong, 1 something was found or failed, 2 called wrongly.
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const line = splitLine(argv);
  try {
    return await dispatch(line, io);
  } catch (error) {
    if (line.flags.on("json")) io.out(JSON.stringify(failureData(error), null, 2));
    else io.err(failureText(error, painter(wantsColor(io.env, io.terminal.err))));
    return isUsageError(error) ? 2 : 1;
  }
}

async function dispatch(line: Split, io: Io): Promise<number> {
  const { command: name, flags, rest } = line;
  if (name === null && line.version) {
    io.out(flags.on("json") ? JSON.stringify({ version: VERSION }) : VERSION);
    return 0;
  }
  if (name === null && !flags.on("help")) {
    const [unknown] = line.own;
    if (unknown !== undefined) throw usage("--help", `"${unknown}" is no command.`);
    io.err(overview(commands, [], null));
    return 2;
  }
  if (name === null || name === "help") return help(line, io);
  const command = commands.find((known) => known.name === name);
  if (command === undefined) return plugins(name, line, io);
  const call = parseCall(command, rest);
  if (call.flags.on("help")) {
    io.out(commandHelp(command));
    return 0;
  }
  const { exit, text, data } = await command.run({ ...call, io, paint: painter(wantsColor(io.env, io.terminal.out)) });
  io.out(call.flags.on("json") ? JSON.stringify(data, null, 2) : text);
  return exit;
}

/** `graphtap --help`, `graphtap help`, `graphtap help <command>`. */
async function help({ flags, own }: Split, io: Io): Promise<number> {
  const [topic] = own;
  const command = commands.find(({ name }) => name === topic);
  if (topic !== undefined && command === undefined)
    throw commandUnknown(
      topic,
      nearest(
        topic,
        commands.map(({ name }) => name),
      ),
      false,
    );
  if (command !== undefined) {
    io.out(commandHelp(command));
    return 0;
  }
  const reference = referenceOf(io, flags);
  const remarks: string[] = [];
  let added: readonly Listed[] = [];
  if (reference !== null) {
    try {
      added = await withStack(io, reference, async ({ stack }) =>
        (await addedCommands(stack, (text) => remarks.push(text)))
          .filter((one) => commands.every(({ name }) => name !== one.command.name))
          .map((one) => ({ name: one.command.name, summary: String(one.command.summary), plugin: one.plugin })),
      );
    } catch {
      // Help must come even where the stack is what somebody needs help with.
      remarks.push(
        `The stack (${reference.text}) did not start, so commands of its plugins are missing here: npx graphtap doctor`,
      );
    }
  }
  io.out(overview(commands, added, remarks.length === 0 ? null : remarks.join("\n")));
  return 0;
}

/** A command that is not built in: a plugin's. */
async function plugins(name: string, { own, flags }: Split, io: Io): Promise<number> {
  const builtIn = commands.map((command) => command.name);
  const reference = referenceOf(io, flags);
  if (reference === null) throw commandUnknown(name, nearest(name, builtIn), false);
  return withStack(io, reference, async ({ stack }) => {
    const added = await addedCommands(stack, (text) => io.err(text));
    const chosen = chooseAdded(name, added);
    if (chosen === null)
      throw commandUnknown(name, nearest(name, [...builtIn, ...added.map(({ command }) => command.name)]), true);
    if (flags.on("help")) {
      // The type of a command has no place for a usage of its own yet.
      io.out(
        `graphtap ${name}\n\n${chosen.command.summary}\n\nAdded by plugin "${chosen.plugin}"; its README lists the arguments.`,
      );
      return 0;
    }
    return runAdded(chosen, own, { out: (text) => io.out(text), err: (text) => io.err(text), json: flags.on("json") });
  });
}
