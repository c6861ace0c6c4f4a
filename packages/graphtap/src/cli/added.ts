import { type CliCommand, hooks, type Stack } from "@graphtap/langgraph";
import { commandDuplicate, commandFailed, firstLine } from "../errors.js";

/** A command that a plugin adds, and whose it is. */
export interface Added {
  readonly plugin: string;
  readonly command: CliCommand;
}

const NAME = /^[a-z][a-z0-9]*(?:[-:][a-z0-9]+)*$/;

const isCommand = (value: unknown): value is CliCommand =>
  typeof value === "object" &&
  value !== null &&
  NAME.test(String((value as Partial<CliCommand>).name)) &&
  typeof (value as Partial<CliCommand>).run === "function";

/** Asks the plugins of a stack for their commands. One that fails, or answers with something else, is told and left out. */
export async function addedCommands(
  stack: Pick<Stack, "call">,
  remark: (text: string) => void,
): Promise<readonly Added[]> {
  const found: Added[] = [];
  for (const answer of await stack.call(hooks.stack.commands, { version: 1 })) {
    const { plugin } = answer;
    if (answer.status === "timeout") remark(`plugin "${plugin}" did not say in time which commands it adds.`);
    else if (answer.status === "error")
      remark(`plugin "${plugin}" could not say which commands it adds: ${firstLine(answer.error)}`);
    else {
      const list: readonly unknown[] = Array.isArray(answer.value) ? answer.value : [answer.value];
      const usable = list.filter(isCommand);
      if (usable.length < list.length)
        remark(`plugin "${plugin}" adds ${list.length - usable.length} commands that have no usable name or no run().`);
      found.push(...usable.map((command) => ({ plugin, command })));
    }
  }
  return found;
}

/** @throws GraphTapError CLI_COMMAND_DUPLICATE; null where no plugin adds it. */
export function chooseAdded(name: string, added: readonly Added[]): Added | null {
  const [first, ...others] = added.filter(({ command }) => command.name === name);
  if (first === undefined) return null;
  if (others.length > 0)
    throw commandDuplicate(
      name,
      [first, ...others].map(({ plugin }) => `"${plugin}"`),
    );
  return first;
}

/** @throws GraphTapError CLI_COMMAND_FAILED */
export async function runAdded(
  { command, plugin }: Added,
  args: readonly string[],
  io: { out(text: string): void; err(text: string): void; json: boolean },
): Promise<number> {
  let code: unknown;
  try {
    // The command line authenticates nobody, so it speaks for nobody.
    code = await command.run(args, { ...io, principal: null });
  } catch (error) {
    throw commandFailed(command.name, plugin, firstLine(error), error);
  }
  if (Number.isInteger(code) && (code as number) >= 0 && (code as number) <= 255) return code as number;
  throw commandFailed(
    command.name,
    plugin,
    `run() returned ${typeof code === "number" ? code : typeof code}; an exit code is a whole number from 0 to 255.`,
  );
}
