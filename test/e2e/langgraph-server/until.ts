const LIMIT_MS = 60_000;

/** Waits for something that another process does. Gives up, with what was waited for, after a minute. */
export async function until(what: string | (() => string), holds: () => boolean | Promise<boolean>): Promise<void> {
  const limit = performance.now() + LIMIT_MS;
  while (!(await holds())) {
    if (performance.now() > limit)
      throw new Error(`waited ${LIMIT_MS / 1_000} s in vain for ${typeof what === "string" ? what : what()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
