/**
 * `src/stack.ts:14` of whoever called `called`, for messages that point at the user's line; null where stacks are off.
 * Inside a function of the user's its name follows, because a preset's own line alone says little.
 */
export function callSite(called: (...args: never[]) => unknown): string | null {
  const holder: { stack?: string } = {};
  if (typeof Error.captureStackTrace !== "function") return null;
  Error.captureStackTrace(holder, called);
  return parseFrame(holder.stack?.split("\n")[1] ?? "", currentDirectory());
}

/** One line of a stack, made short: relative to `directory`, without column. */
export function parseFrame(line: string, directory: string): string | null {
  const match = /^\s*at (?:(?:async )?(.*) \()?(?:file:\/\/)?(.+?):(\d+):\d+\)?$/.exec(line);
  if (match === null) return null;
  const [, caller, file = "", row = ""] = match;
  const short = directory !== "" && file.startsWith(`${directory}/`) ? file.slice(directory.length + 1) : file;
  const inside =
    caller !== undefined && /^[A-Za-z_$][\w$]*$/.test(caller) && caller !== "eval" ? ` (inside ${caller}())` : "";
  return `${short}:${row}${inside}`;
}

function currentDirectory(): string {
  try {
    return process.cwd();
  } catch {
    // No process in a worker, or its directory is gone.
    return "";
  }
}
