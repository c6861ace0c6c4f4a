import { randomUUID } from "node:crypto";
import { link, mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { auditError } from "../errors.js";

/** Which process, and which of those that had its number: in a container each one is number 1. */
const HOLDER = `${process.pid} ${Math.round(performance.timeOrigin)}`;
/** Milliseconds after which whoever was clearing an old lock away is taken to have crashed. */
const CLEARING_MS = 10_000;

const codeOf = (error: unknown): unknown => (error as { code?: unknown } | null)?.code;

/**
 * Takes the folder for this process.
 *
 * @returns gives it back
 * @throws GraphTapError AUDIT_LOCKED
 */
export async function lockFolder(folder: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, "lock");
  const own = `${path}.${randomUUID()}`;
  await writeFile(own, HOLDER);
  try {
    if (!(await taken(own, path))) {
      const holder = await readFile(path, "utf8").catch(() => "");
      // Its process is gone: it crashed.
      const free = !isHeld(holder) && (await cleared(path)) && (await taken(own, path));
      if (!free)
        throw auditError(
          "AUDIT_LOCKED",
          `the audit log in ${folder} is in use.`,
          `Process ${holder.split(" ")[0] ?? ""} writes into it.`,
        );
    }
    return () => rm(path, { force: true });
  } finally {
    await rm(own, { force: true });
  }
}

/** Makes the lock with what is in it in one step: one that is empty for a moment would look like a crash. */
async function taken(own: string, path: string): Promise<boolean> {
  try {
    await link(own, path);
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    if (!["EPERM", "ENOTSUP", "EOPNOTSUPP", "ENOSYS"].includes(String(codeOf(error)))) throw error;
  }
  // A file system without links.
  try {
    await writeFile(path, HOLDER, { flag: "wx" });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}

/** Removes a lock that nobody holds. One at a time: a second would remove what the first has just made. */
async function cleared(path: string): Promise<boolean> {
  const clearing = `${path}.clearing`;
  const { mtimeMs = Number.POSITIVE_INFINITY } = await stat(clearing).catch(() => ({}) as { mtimeMs?: number });
  if (Date.now() - mtimeMs > CLEARING_MS) await rm(clearing, { force: true });
  try {
    await writeFile(clearing, HOLDER, { flag: "wx" });
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
  try {
    if (isHeld(await readFile(path, "utf8").catch(() => ""))) return false;
    await rm(path, { force: true });
    return true;
  } finally {
    await rm(clearing, { force: true });
  }
}

function isHeld(holder: string): boolean {
  const [number = "", began] = holder.split(" ");
  const pid = Number(number);
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  if (pid === process.pid) return began === undefined || holder === HOLDER;
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === "EPERM";
  }
}
