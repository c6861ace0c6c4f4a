import { isCommand } from "@langchain/langgraph";

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === "object" && value !== null;

/** Whether what a node gave back changes the state that its graph gives out. In doubt it does not. */
export function wrote(output: unknown, keys: readonly string[] | string): boolean {
  if (output === null || output === undefined) return false;
  // An entrypoint and a graph without keys give out the value itself.
  if (typeof keys === "string") return true;
  if (Array.isArray(output)) return output.some((one) => isWrite(one, keys) || (isObject(one) && wrote(one, keys)));
  if (!isObject(output)) return false;
  if (isCommand(output)) return wrote(output.update, keys);
  return Object.entries(output).some((write) => isWrite(write, keys));
}

const isWrite = (write: unknown, keys: readonly string[]): boolean =>
  Array.isArray(write) && write.length === 2 && keys.includes(write[0] as string) && write[1] !== undefined;
