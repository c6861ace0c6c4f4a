import { spawn } from "node:child_process";
import { mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStack } from "@graphtap/langgraph";
import { fakeClock } from "@graphtap/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AuditLog } from "../keys.js";
import { audit } from "../plugin.js";
import { verifyFolder } from "./folder.js";
import { lockFolder } from "./lock.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "audit-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Options = Parameters<typeof audit>[0];
async function withLog<T>(use: (log: AuditLog) => T | Promise<T>, options: Options = {}): Promise<T> {
  await using stack = createStack({ plugins: [audit({ folder, ...options })] });
  await stack.ready();
  return await use(stack.get(audit));
}
const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe("a log that is verified while it is written", () => {
  it.each([16 * 1_048_576, 4_096])("is whole at any moment, with files of %i bytes", async (segmentBytes) => {
    await withLog(
      async (log) => {
        let writing = true;
        const writer = (async () => {
          for (let one = 0; writing; one++) {
            // Not faster than any disk: what has no more room is lost, and that is another test's business.
            if ((log.stats().file?.waiting ?? 0) < 200)
              log.append({ event: "a.b", class: one % 2 === 0 ? "denial" : "access", reason: "x".repeat(200) });
            await turn();
          }
        })();
        for (let round = 0; round < 12; round++) expect((await log.verify()).problems).toEqual([]);
        writing = false;
        await writer;
        expect((await log.verify()).ok).toBe(true);
      },
      { segmentBytes, maxSegments: 3 },
    );
    expect((await verifyFolder(folder)).problems).toEqual([]);
  });

  it("counts what is on its way to the disk as waiting", async () => {
    await withLog(async (log) => {
      log.append({ event: "a.b", class: "run" });
      expect(log.stats().file?.waiting).toBe(1);
      await log.flush();
      expect(log.stats().file).toMatchObject({ waiting: 0, written: 1 });
    });
  });
});

describe("a log with odd entries", () => {
  it("is whole after a restart, whatever the names of its details", async () => {
    const details = JSON.parse('{"__proto__": 1, "constructor": "x", "toString": null, "\\u0000": true}') as Record<
      string,
      number
    >;
    await withLog((log) => {
      const { details: kept } = log.append({ event: "a.b", class: "denial", userId: "__proto__", details });
      expect(Object.keys(kept ?? {}).sort()).toEqual(["\0", "__proto__", "constructor", "toString"]);
    });
    await withLog(async (log) => {
      expect((await log.verify()).problems).toEqual([]);
      expect(Object.keys(log.query({ userId: "__proto__" }).entries[0]?.details ?? {})).toContain("__proto__");
    });
  });

  it("takes no object as a detail, under any name", async () => {
    await withLog((log) => {
      const details = JSON.parse('{"__proto__": {"a": 1}}') as Record<string, number>;
      expect(() => log.append({ event: "a.b", class: "denial", details })).toThrow(
        expect.objectContaining({ code: "AUDIT_ENTRY_INVALID" }),
      );
    });
  });

  it("is whole after a restart with a clock that counts parts of milliseconds", async () => {
    const clock = fakeClock("2026-01-01T00:00:00Z");
    {
      await using stack = createStack({
        plugins: [audit({ folder })],
        clock: { ...clock, now: () => clock.now() + 0.25, monotonic: () => clock.monotonic() },
      });
      await stack.ready();
      expect(stack.get(audit).append({ event: "a.b", class: "denial" }).at).toBe(clock.now());
    }
    expect((await verifyFolder(folder)).problems).toEqual([]);
  });

  it("still shows after two restarts that its end was cut off", async () => {
    const write = (): Promise<unknown> => withLog((log) => log.append({ event: "a.b", class: "denial" }));
    for (let one = 0; one < 4; one++) await write();
    const [name = ""] = (await readdir(folder)).filter((file) => file.startsWith("denial"));
    const [first = ""] = (await readFile(join(folder, name), "utf8")).split("\n");
    await truncate(join(folder, name), first.length + 1);
    await write();
    await write();
    await withLog(async (log) => {
      expect((await log.verify()).ok).toBe(false);
      expect(log.append({ event: "a.b", class: "denial" }).seq).toBe(7);
    });
    expect((await verifyFolder(folder)).problems.map(({ problem }) => problem)).toEqual(["missing"]);
  });
});

describe("the lock of a folder", () => {
  it("is one's only, however many ask for it at once after a crash", async () => {
    for (let round = 0; round < 20; round++) {
      await writeFile(join(folder, "lock"), "999999999");
      const asked = await Promise.allSettled(Array.from({ length: 8 }, () => lockFolder(folder)));
      const held = asked.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
      expect(held).toHaveLength(1);
      await held[0]?.();
    }
    expect(await readdir(folder)).toEqual([]);
  });

  it("is given up by a process that is gone, though this one has its number", async () => {
    // In a container every process is number 1.
    await writeFile(join(folder, "lock"), `${process.pid} 12345`);
    const unlock = await lockFolder(folder);
    expect(await readFile(join(folder, "lock"), "utf8")).not.toContain("12345");
    await unlock();
  });

  it("is not taken from a process that lives", async () => {
    const child = spawn(process.execPath, ["-e", "setInterval(() => {}, 1000)"]);
    try {
      await writeFile(join(folder, "lock"), `${child.pid} 12345`);
      await expect(lockFolder(folder)).rejects.toMatchObject({ code: "AUDIT_LOCKED" });
    } finally {
      child.kill("SIGKILL");
    }
  });
});
