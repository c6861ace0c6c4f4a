import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createStack } from "@graphtap/langgraph";
import { fakeClock } from "@graphtap/testkit";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { AuditClass, AuditLog } from "../keys.js";
import { audit } from "../plugin.js";
import { verifyFolder } from "./folder.js";

const HOUR = 3_600_000;
let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "audit-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

type Options = Parameters<typeof audit>[0];
const clock = fakeClock("2026-01-01T00:00:00Z");
async function withLog<T>(options: Options, use: (log: AuditLog) => T | Promise<T>): Promise<T> {
  await using stack = createStack({ plugins: [audit({ folder, ...options })], clock });
  await stack.ready();
  return await use(stack.get(audit));
}
const filesOf = async (of: AuditClass): Promise<string[]> =>
  (await readdir(folder)).filter((name) => name.startsWith(of)).sort();
const fill = async (log: AuditLog, count: number): Promise<void> => {
  for (let one = 0; one < count; one++) {
    log.append({ event: "a.b", class: "denial", reason: "x".repeat(600) });
    await log.flush();
  }
};

describe("retention on disk", () => {
  it("goes on where a segment cannot be read, and says that something is missing while its neighbour is there", async () => {
    const options = { segmentBytes: 4_096, maxSegments: 3 };
    await withLog(options, (log) => fill(log, 12));
    const [oldest] = await filesOf("denial");
    await writeFile(join(folder, oldest ?? ""), "no entry\n");
    await withLog(options, async (log) => {
      await fill(log, 2);
      expect(await filesOf("denial")).not.toContain(oldest);
      expect((await log.verify()).problems[0]?.problem).toBe("missing");
      await fill(log, 20);
      expect(log.stats().file).toMatchObject({ state: "ok", lost: 0 });
    });
    expect(await filesOf("denial")).toHaveLength(3);
    // What followed it is gone by now, too.
    expect((await verifyFolder(folder)).problems).toEqual([]);
  });

  it("takes age from the entries, though no file of theirs is ever full", async () => {
    await withLog({ maxAgeMs: { denial: HOUR } }, async (log) => {
      for (let quarter = 0; quarter < 12; quarter++) {
        log.append({ event: "a.b", class: "denial", code: `Q${quarter}` });
        log.append({ event: "a.b", class: "access" });
        await log.flush();
        clock.advance(HOUR / 4);
      }
      const texts = await Promise.all((await filesOf("denial")).map((name) => readFile(join(folder, name), "utf8")));
      const codes = texts.flatMap((text) => [...text.matchAll(/"code":"(Q\d+)"/g)].map(([, code]) => code));
      expect(codes).toEqual(["Q8", "Q9", "Q10", "Q11"]);
      expect(await filesOf("access")).toHaveLength(1);
      expect((await log.verify()).problems).toEqual([]);
    });
    expect((await verifyFolder(folder)).problems).toEqual([]);
  });

  it("is made up for at the next start, where nothing came in between", async () => {
    const options = { maxAgeMs: HOUR };
    await withLog(options, async (log) => {
      log.append({ event: "a.b", class: "denial", code: "OLD" });
      await log.flush();
      clock.advance(HOUR / 2);
      log.append({ event: "a.b", class: "denial", code: "NEW" });
    });
    expect(await filesOf("denial")).toHaveLength(2);
    clock.advance(HOUR);
    await withLog(options, (log) => expect(log.query().entries).toEqual([]));
    expect(await filesOf("denial")).toHaveLength(1);
    expect((await verifyFolder(folder)).problems).toEqual([]);
  });

  it("finds no gap where a crash came between the place that is remembered and what is deleted", async () => {
    const options = { segmentBytes: 4_096, maxSegments: 2 };
    await withLog(options, (log) => fill(log, 8));
    const [oldest = ""] = await filesOf("denial");
    const text = await readFile(join(folder, oldest));
    await withLog(options, (log) => fill(log, 5));
    expect(await filesOf("denial")).not.toContain(oldest);
    await writeFile(join(folder, oldest), text);
    expect((await verifyFolder(folder)).problems).toEqual([]);
    await withLog(options, async (log) => expect((await log.verify()).problems).toEqual([]));
    expect((await verifyFolder(folder)).problems).toEqual([]);
  });
});
