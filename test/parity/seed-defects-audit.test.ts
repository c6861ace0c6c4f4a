import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fakeClock, scriptedModel, scriptedTool } from "@graphtap/testkit";
import { audit, content, createStack, security, verifyAuditFolder } from "graphtap";
import { describe, expect, it } from "vitest";
import { ask, failure, HOUR, keeper, START } from "./parts.js";

const keep = keeper();
function desk(options: Parameters<typeof audit>[0] = {}) {
  const clock = fakeClock(START);
  const stack = keep(createStack({ name: "desk", plugins: [security(), audit(options)], clock }));
  return { clock, stack, log: stack.get(audit), manager: stack.get(security) };
}
const grant = {
  userId: "user123",
  toolName: "file_manager",
  permissionLevel: "read",
  allowedMethods: ["read", "list"],
  grantedBy: "root",
} as const;

/** What the original was measured to do wrong, each named after the fact; none of it happens here. */
describe("TestSeedDefects: audit", () => {
  it("10,000 events of noise erased the log", async () => {
    const { stack, log, manager } = desk();
    manager.grantToolPermission(grant);
    const refused = stack.wrapTool(scriptedTool("drop_table", "gone"));
    await failure(refused.invoke({}, stack.as({ userId: "mallory" })));
    for (let noise = 0; noise < 10_050; noise++)
      log.append({ event: "acme.noise", class: "access", userId: "user123" });
    expect(log.query({ decision: "denied" }).entries.map(({ userId }) => userId)).toEqual(["mallory"]);
    expect(log.query({ decision: "granted" }).entries.map(({ actor }) => actor)).toEqual(["root"]);
    expect(log.stats().dropped).toEqual({ access: 50, denial: 0, change: 0, run: 0 });
    expect((await log.verify()).ok).toBe(true);
  });

  it("a grant was recorded without who gave it, and without its methods", () => {
    const { log, manager } = desk();
    manager.grantToolPermission(grant);
    const [entry] = log.query({ event: "permission.granted" }).entries;
    expect(entry).toMatchObject({ actor: "root", userId: "user123", tool: "file_manager", decision: "granted" });
    expect(JSON.stringify(entry?.details)).toContain("list");
  });

  it("an entry could be changed or taken out, and nobody would know", async () => {
    const { log } = desk();
    for (let one = 0; one < 3; one++) log.append({ event: "tool.denied", class: "denial", userId: "mallory" });
    const { entries } = log.query();
    const [newest] = entries;
    expect(() => {
      (newest as { userId: string }).userId = "alice";
    }).toThrow(TypeError);
    expect(entries.map(({ previousHash }) => previousHash).slice(0, 2)).toEqual(
      entries.slice(1).map(({ hash }) => hash),
    );
    expect(new Set(entries.map(({ hash }) => hash)).size).toBe(3);
    expect(await log.verify()).toEqual({ ok: true, checked: 3, problems: [] });
    // Where somebody can write, on disk, it shows.
    for (const [spoil, problem] of [
      [(lines: string[]) => lines.map((line, at) => (at === 1 ? line.replace("mallory", "alice") : line)), "changed"],
      [(lines: string[]) => lines.filter((_, at) => at !== 1), "missing"],
      [(lines: string[]) => lines.slice(0, 2), "cut"],
    ] as const) {
      const folder = await mkdtemp(join(tmpdir(), "audit-"));
      const stack = createStack({ plugins: [audit({ folder })] });
      await stack.ready();
      const kept = stack.get(audit);
      for (let one = 0; one < 3; one++) kept.append({ event: "tool.denied", class: "denial", userId: "mallory" });
      await kept.flush();
      expect(await verifyAuditFolder(folder)).toEqual({ ok: true, checked: 3, problems: [] });
      await stack.dispose();
      const [name = ""] = (await readdir(folder)).filter((file) => file.startsWith("denial"));
      const lines = (await readFile(join(folder, name), "utf8")).trimEnd().split("\n");
      await writeFile(join(folder, name), `${spoil(lines).join("\n")}\n`);
      expect((await verifyAuditFolder(folder)).problems.map((one) => one.problem)).toContain(problem);
      await rm(folder, { recursive: true });
    }
  });

  it("every denial by rate, level or content was one event, and the reason a word", async () => {
    const stack = keep(createStack({ plugins: [security(), content(), audit()], clock: fakeClock(START) }));
    const log = stack.get(audit);
    stack.get(security).grantToolPermission({ ...grant, rateLimit: 1 });
    const files = stack.wrapTool(
      scriptedTool("file_manager", "3 files", {
        metadata: { permissionLevels: { list: "read", read: "admin" }, permissionMethodArgument: "method" },
      }),
    );
    for (const [userId, args] of [
      ["user123", { method: "list" }],
      ["user123", { method: "list" }],
      ["user123", { method: "read" }],
      ["user123", { method: "list", password: "hunter2" }],
      ["nobody-granted", { method: "list" }],
    ] as const)
      await files.invoke(args, stack.as({ userId })).catch(() => undefined);
    const denied = log.query({ class: "denial", event: "tool.denied" }).entries.toReversed();
    expect(denied.map(({ code, userId, reason }) => [code, userId, reason])).toEqual([
      ["RATE_LIMIT_EXCEEDED", "user123", expect.stringContaining("1 in 1 h") as string],
      ["PERMISSION_NOT_GRANTED", "user123", expect.stringContaining("allows read, admin is required") as string],
      ["CONTENT_BLOCKED", "user123", expect.stringContaining("credential") as string],
      ["PERMISSION_NOT_GRANTED", "nobody-granted", expect.stringContaining("no grant") as string],
    ]);
    expect(JSON.stringify(log.query().entries)).not.toContain("hunter2");
  });

  it("times were local, without a zone, and a day ago depended on the clocks", async () => {
    const { clock, log } = desk();
    log.append({ event: "acme.first", class: "access" });
    expect(log.query().entries[0]).toMatchObject({ at: Date.parse(START), time: "2026-03-01T12:00:00.000Z" });
    clock.advance(24 * HOUR - 1);
    expect(log.query().entries).toHaveLength(1);
    clock.advance(2);
    expect(log.query().entries).toEqual([]);
    expect(log.query({ hours: 48 }).entries).toHaveLength(1);
  });

  it("a log asked for the empty user gave everybody's", async () => {
    const { log } = desk();
    log.append({ event: "tool.denied", class: "denial", userId: "alice" });
    expect(() => log.query({ userId: "" })).toThrow(expect.objectContaining({ code: "AUDIT_QUERY_INVALID" }));
  });

  it("the demo's runs were in the log only when somebody wrote them there", async () => {
    const { stack, log } = desk();
    const workflow = await stack.createWorkflow({ llm: scriptedModel(() => ({ say: "hello" })) });
    await workflow.invoke(ask("hi"), stack.as({ userId: "user123" }));
    expect(log.query({ class: "run" }).entries.map(({ event, userId }) => [event, userId])).toEqual([
      ["run.ended", "user123"],
      ["run.started", "user123"],
    ]);
  });
});
