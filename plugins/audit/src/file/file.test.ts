import { spawn } from "node:child_process";
import { once } from "node:events";
import { appendFile, mkdtemp, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fakeClock } from "@graphtap/testkit";
import { createStack } from "@graphtap/langgraph";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { digest } from "../entry.js";
import type { AuditLog, AuditLogEntry } from "../keys.js";
import { audit } from "../plugin.js";
import { verifyFolder } from "./folder.js";

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
const write = (count: number, options?: Options): Promise<void> =>
  withLog(async (log) => {
    for (let one = 0; one < count; one++)
      log.append({ event: "tool.denied", class: "denial", decision: "denied", userId: "bob", code: `C${one}` });
    await log.flush();
  }, options);
const denialFiles = async (): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.startsWith("denial")).sort();
const firstFile = async (): Promise<string> => join(folder, (await denialFiles())[0] ?? "");
const problemsOf = async (): Promise<(string | null)[][]> =>
  (await verifyFolder(folder)).problems.map(({ problem, place }) => [problem, place?.split("/").at(-1) ?? null]);

describe("a log on disk", () => {
  it("goes on where another process stopped", async () => {
    await write(3);
    await withLog(async (log) => {
      expect(log.query().entries.map(({ seq, code }) => [seq, code])).toEqual([
        [3, "C2"],
        [2, "C1"],
        [1, "C0"],
      ]);
      expect(log.append({ event: "a.b", class: "denial" }).seq).toBe(4);
      expect(await log.verify()).toEqual({ ok: true, checked: 8, problems: [] });
    });
    expect(await verifyFolder(folder)).toEqual({ ok: true, checked: 4, problems: [] });
  });

  it("takes off a line that a crash left half written, and says so", async () => {
    await write(2);
    await appendFile(await firstFile(), '{"seq":3,"at":');
    await withLog(async (log) => {
      expect(log.stats().file?.torn).toBe(1);
      log.append({ event: "a.b", class: "denial" });
      expect((await log.verify()).ok).toBe(true);
    });
    expect(await verifyFolder(folder)).toEqual({ ok: true, checked: 3, problems: [] });
  });

  it("names file and line of a change", async () => {
    await write(3);
    const file = await firstFile();
    await writeFile(file, (await readFile(file, "utf8")).replace('"code":"C1"', '"code":"OK"'));
    expect(await problemsOf()).toEqual([["changed", "denial-000000000000001.jsonl:2"]]);
    await withLog(async (log) => expect((await log.verify()).ok).toBe(false));
  });

  it("notices a line that is missing, a line that is none, and an end that was cut off", async () => {
    await write(4);
    const file = await firstFile();
    const text = await readFile(file, "utf8");
    const lines = text.split("\n");
    await writeFile(file, [lines[0], lines[2], lines[3], ""].join("\n"));
    expect(await problemsOf()).toEqual([["missing", "denial-000000000000001.jsonl:2"]]);
    await writeFile(file, [lines[0], "not json", lines[2], lines[3], ""].join("\n"));
    expect((await problemsOf())[0]?.[0]).toBe("unreadable");
    await truncate(file, `${lines[0]}\n`.length);
    expect(await problemsOf()).toEqual([["cut", null]]);
    await rm(file);
    await withLog(async (log) => expect((await log.verify()).problems.map(({ problem }) => problem)).toContain("cut"));
  });

  it("notices a newest entry that was written anew with a hash of its own, which nothing after it contradicts", async () => {
    await write(3);
    const file = await firstFile();
    const lines = (await readFile(file, "utf8")).trimEnd().split("\n");
    const { hash: _hash, ...last } = JSON.parse(lines[2] ?? "") as AuditLogEntry;
    for (const changed of [{ code: "OK" }, { seq: 9 }]) {
      const forged = { ...last, ...changed };
      await writeFile(file, [lines[0], lines[1], JSON.stringify({ ...forged, hash: digest(forged) }), ""].join("\n"));
      expect((await problemsOf())[0]?.[0]).toBe("seq" in changed ? "cut" : "changed");
      await withLog(async (log) => expect((await log.verify()).ok).toBe(false));
    }
  });

  it("notices that what it remembers of the ends is spoilt, or gone", async () => {
    await write(2);
    const ends = join(folder, "ends.json");
    await writeFile(ends, "{}");
    expect(await problemsOf()).toEqual([["unreadable", "ends.json"]]);
    await rm(ends);
    expect(await problemsOf()).toEqual([["missing", "ends.json"]]);
    await withLog(async (log) => {
      expect(log.query().entries).toHaveLength(2);
      // The log that was opened without it says so, though it has made a new one.
      expect((await log.verify()).problems.map(({ problem }) => problem)).toEqual(["missing"]);
    });
    expect(await problemsOf()).toEqual([]);
  });

  it("keeps every character of a text, those that some take for the end of a line too", async () => {
    const texts = ["\u2028", "\u2029", "\r", "\n", "\u0085", "\u0000", "\uD800"].map((sign) => `a${sign}b`);
    await withLog(async (log) => {
      for (const reason of texts) log.append({ event: "a.b", class: "denial", reason, details: { [reason]: reason } });
      await log.flush();
    });
    expect(await verifyFolder(folder)).toEqual({ ok: true, checked: texts.length, problems: [] });
    await withLog((log) => expect(log.query().entries.map(({ reason }) => reason)).toEqual(texts.toReversed()));
  });

  it("notices a key that is written twice, and lines that end otherwise", async () => {
    await write(3);
    const file = await firstFile();
    const whole = await readFile(file, "utf8");
    for (const spoilt of [
      whole.replace("{", '{"userId":"eve",'),
      whole.replaceAll("\n", "\r\n"),
      whole.replace(",", ", "),
    ]) {
      await writeFile(file, spoilt);
      expect((await verifyFolder(folder)).ok).toBe(false);
    }
  });

  it("deletes nothing for a place that somebody wrote beside it, and notices", async () => {
    await write(2);
    const ends = join(folder, "ends.json");
    const { anchors, ...rest } = JSON.parse(await readFile(ends, "utf8")) as { anchors: object };
    const forged = { ...anchors, denial: { seq: 999, hash: "a".repeat(64) } };
    await writeFile(ends, JSON.stringify({ ...rest, anchors: forged }));
    expect(await problemsOf()).toEqual([["cut", null]]);
    await withLog(async (log) => expect((await log.verify()).ok).toBe(false));
    expect(await denialFiles()).toHaveLength(1);
  });

  it("caps health when the chain is broken", async () => {
    await write(2);
    await rm(await firstFile());
    const { hooks } = await import("@graphtap/langgraph");
    await using stack = createStack({ plugins: [audit({ folder })] });
    await stack.ready();
    const [answer] = await stack.call(hooks.health.check, { at: 0 });
    expect(answer).toMatchObject({ status: "ok", value: { status: "failing", gate: { cap: 0.2 } } });
  });

  it("begins a new segment when one is full, deletes the oldest of its class, and stays whole", async () => {
    await withLog(
      async (log) => {
        log.append({ event: "permission.granted", class: "change", decision: "granted" });
        for (let one = 0; one < 60; one++) {
          log.append({ event: "a.b", class: "denial", reason: "x".repeat(600) });
          await log.flush();
        }
        expect((await log.verify()).problems).toEqual([]);
      },
      { segmentBytes: 4_096, maxSegments: 3, maxEntries: 5 },
    );
    expect((await denialFiles()).length).toBeLessThanOrEqual(3);
    expect((await readdir(folder)).filter((name) => name.startsWith("change"))).toHaveLength(1);
    expect((await verifyFolder(folder)).ok).toBe(true);
    await withLog((log) => expect(log.append({ event: "a.b", class: "run" }).seq).toBe(62));
    await rm(await firstFile());
    expect((await problemsOf())[0]?.[0]).toBe("missing");
  });

  it("is one process's at a time", async () => {
    await withLog(async () => {
      await using second = createStack({ plugins: [audit({ folder })] });
      await expect(second.ready()).rejects.toMatchObject({ message: expect.stringContaining("AUDIT_LOCKED") });
    });
    // The process that crashed holds it no longer.
    await writeFile(join(folder, "lock"), "999999999");
    await write(1);
  });

  it("fails the boot when the folder is a file", async () => {
    const path = join(folder, "file");
    await writeFile(path, "");
    await using stack = createStack({ plugins: [audit({ folder: path })] });
    await expect(stack.ready()).rejects.toMatchObject({ message: expect.stringContaining("AUDIT_FOLDER_BROKEN") });
  });

  it("tries again what could not be written, in order and without a half line", async () => {
    const clock = fakeClock("2026-01-01T00:00:00Z");
    await using stack = createStack({ plugins: [audit({ folder, onFailure: "deny" })], clock });
    await stack.ready();
    const log = stack.get(audit);
    const away = `${folder}-away`;
    const { rename } = await import("node:fs/promises");
    await rename(folder, away);
    log.append({ event: "a.b", class: "denial", code: "FIRST" });
    await expect(log.flush()).rejects.toMatchObject({ code: "AUDIT_NOT_WRITTEN" });
    log.append({ event: "a.b", class: "denial", code: "SECOND" });
    expect(log.stats().file).toMatchObject({ state: "failing", waiting: 2, lost: 0 });
    await rename(away, folder);
    clock.advance(1_000);
    await log.flush();
    expect(log.stats().file).toMatchObject({ state: "ok", waiting: 0, written: 2 });
    expect((await log.verify()).ok).toBe(true);
  });

  it("counts what it has no more room for", async () => {
    await withLog(
      async (log) => {
        for (let one = 0; one < 10; one++) log.append({ event: "a.b", class: "run" });
        expect(log.stats().file?.lost).toBeGreaterThan(0);
        await log.flush();
        expect((await log.verify()).ok).toBe(false);
      },
      { maxWaiting: 2 },
    );
  });

  it("loses nothing that was flushed when its process is killed", async () => {
    const program = `
      import { createStack } from "@graphtap/langgraph";
      import { audit } from ${JSON.stringify(new URL("../plugin.ts", import.meta.url).href)};
      const stack = createStack({ plugins: [audit({ folder: process.argv[1] })] });
      await stack.ready();
      const log = stack.get(audit);
      for (;;) {
        const { seq } = log.append({ event: "a.b", class: "denial", userId: "bob" });
        await log.flush();
        process.stdout.write(seq + "\\n");
      }`;
    const child = spawn(
      process.execPath,
      ["--import", "tsx", "--conditions=@graphtap/source", "--input-type=module", "-e", program, "--", folder],
      { cwd: join(import.meta.dirname, "../.."), stdio: ["ignore", "pipe", "inherit"] },
    );
    let told = "";
    child.stdout.setEncoding("utf8");
    for await (const text of child.stdout) {
      told += text as string;
      if (told.split("\n").length > 50) child.kill("SIGKILL");
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    const acknowledged = Number(told.trimEnd().split("\n").at(-1));
    await withLog(async (log) => {
      expect(log.query({ limit: 10_000 }).entries[0]?.seq).toBeGreaterThanOrEqual(acknowledged);
      expect((await log.verify()).problems).toEqual([]);
    });
  }, 60_000);
});
