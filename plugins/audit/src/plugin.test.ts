import { createStack, definePlugin, deny, hooks } from "@graphtap/langgraph";
import { fakeClock, scriptedModel, scriptedTool } from "@graphtap/testkit";
import { describe, expect, it } from "vitest";
import { audit } from "./plugin.js";

const policy = definePlugin({
  name: "test-policy",
  version: "1.0.0",
  setup(api) {
    api.tap(hooks.tool.authorize, ({ name }) =>
      name === "refund" ? deny("NOT_GRANTED", "Not available.", { reason: "no grant of refund" }) : undefined,
    );
    api.tap(hooks.run.admit, (_request, run) =>
      run.principal?.userId === "mallory" ? deny("NO_ROOM", "Later.") : undefined,
    );
  },
});

function lab(...options: Parameters<typeof audit>) {
  const clock = fakeClock("2026-01-01T00:00:00Z");
  const stack = createStack({ name: "lab", plugins: [audit(...options), policy()], clock });
  const build = (): ReturnType<typeof stack.createWorkflow> =>
    stack.createWorkflow({
      name: "desk",
      mode: "tools",
      llm: scriptedModel((messages) =>
        messages.at(-1)?.type === "human"
          ? {
              calls: [
                { name: "search", args: { secret: "sk-live-1" } },
                { name: "refund", args: {} },
              ],
            }
          : { say: "done" },
      ),
      tools: [scriptedTool("search", "found"), scriptedTool("refund", "paid")],
    });
  return { stack, clock, build, log: stack.get(audit) };
}
const ask = { messages: [{ role: "user", content: "hello" }] };
type Entry = ReturnType<ReturnType<typeof lab>["log"]["query"]>["entries"][number];
const short = ({ event, decision, userId, tenantId, tool, code, plugin }: Entry): unknown[] => [
  event,
  decision,
  userId,
  tenantId,
  tool,
  code,
  plugin,
];

describe("audit()", () => {
  it("records what a run was allowed, what it was denied and how it ended, and no contents", async () => {
    const { stack, log, build } = lab();
    const desk = await build();
    await desk.invoke(ask, stack.as({ userId: "alice", tenantId: "acme" }));
    const entries = log.query().entries.toReversed();
    expect(entries.map(short)).toEqual([
      ["run.started", null, "alice", "acme", null, null, null],
      ["tool.allowed", "allowed", "alice", "acme", "search", null, null],
      ["tool.denied", "denied", "alice", "acme", "refund", "NOT_GRANTED", "test-policy"],
      ["run.ended", null, "alice", "acme", null, null, null],
    ]);
    expect(new Set(entries.map(({ runId }) => runId)).size).toBe(1);
    expect(entries.find(({ tool }) => tool === "search")?.argsHash).toMatch(/^[0-9a-f]{64}$/);
    // A refused call too: which arguments somebody tried is half of what an auditor asks.
    expect(entries.find(({ tool }) => tool === "refund")?.argsHash).toMatch(/^[0-9a-f]{64}$/);
    expect(JSON.stringify(entries)).not.toContain("sk-live");
    expect(await log.verify()).toEqual({ ok: true, checked: 4, problems: [] });
    await stack.dispose();
  });

  it("records a run that was refused, and who acted for whom", async () => {
    const { stack, log, build } = lab({ recordRuns: false });
    const desk = await build();
    await desk.invoke(ask, stack.as({ userId: "mallory" })).catch(() => undefined);
    await desk.invoke(ask, stack.as({ service: "digest", onBehalfOf: { userId: "bob" } }));
    expect(log.query({ userId: "mallory" }).entries.map(short)).toEqual([
      ["run.denied", "denied", "mallory", null, null, "NO_ROOM", "test-policy"],
    ]);
    expect(log.query({ userId: "bob" }).entries.map(({ service, tool }) => [service, tool])).toEqual([
      ["digest", "refund"],
      ["digest", "search"],
    ]);
    await stack.dispose();
  });

  it("takes the time from the stack's clock", async () => {
    const { log, clock } = lab();
    clock.advance(1_500);
    expect(log.append({ event: "acme.export", class: "access" })).toMatchObject({
      at: Date.UTC(2026, 0, 1, 0, 0, 1, 500),
      time: "2026-01-01T00:00:01.500Z",
    });
  });

  it.each([
    ["an event without a namespace", { event: "export", class: "access" }],
    ["an unknown class", { event: "a.b", class: "noise" }],
    ["an unknown field", { event: "a.b", class: "run", arguments: {} }],
    ["details that are no plain values", { event: "a.b", class: "run", details: { a: {} } }],
  ])("refuses %s", (_what, input) => {
    const { log } = lab();
    expect(() => log.append(input as never)).toThrow(/AUDIT_ENTRY_INVALID[\s\S]*Why:[\s\S]*Do:/);
    expect(log.stats().appended).toBe(0);
  });

  it("records what was checked, and not what a field says when it is read again", () => {
    const { log } = lab();
    const thrown = {
      event: "a.b",
      class: "run",
      get userId(): string {
        throw new Error("not today");
      },
    } as const;
    expect(() => log.append(thrown)).toThrow(/AUDIT_ENTRY_INVALID[\s\S]*Why:[\s\S]*Do:/);
    let reads = 0;
    const turning = {
      event: "a.b",
      class: "run",
      get userId(): string {
        return reads++ === 0 ? "bob" : ({} as string);
      },
    } as const;
    expect(log.append(turning).userId).toBe("bob");
    expect(log.stats().appended).toBe(1);
  });

  it.each([{ userId: "" }, { tenant: "acme" }, { limit: 0 }, { hours: -1 }, { cursor: "x" }])(
    "refuses the question %j",
    (query) => {
      expect(() => lab().log.query(query as never)).toThrow(/AUDIT_QUERY_INVALID/);
    },
  );

  it("shows a user what is theirs, in their tenant, and the system no ids", async () => {
    const { stack, build } = lab();
    const desk = await build();
    await desk.invoke(ask, stack.as({ userId: "alice", tenantId: "acme" }));
    await desk.invoke(ask, stack.as({ userId: "alice", tenantId: "canary-tenant" }));
    await desk.invoke(ask, stack.as({ userId: "canary-user", tenantId: "acme" }));
    const [user] = await stack.call(hooks.dashboard.collect, { kind: "user", userId: "alice", tenantId: "acme" });
    expect(user).toMatchObject({ status: "ok", value: { id: "audit" } });
    expect(user?.status === "ok" ? user.value.data["recent"] : []).toHaveLength(4);
    expect(JSON.stringify(user)).not.toContain("canary");
    const [system] = await stack.call(hooks.dashboard.collect, { kind: "system" });
    expect(system).toMatchObject({
      value: { data: { entries: 12, denialsByCode: [{ code: "NOT_GRANTED", count: 3 }], file: null } },
    });
    expect(JSON.stringify(system)).not.toMatch(/canary|alice/);
    await stack.dispose();
  });
});

describe("graphtap audit", () => {
  async function run(...args: string[]): Promise<{ code: number; out: string; err: string }> {
    const { stack, log } = lab();
    log.append({
      event: "tool.denied",
      class: "denial",
      decision: "denied",
      userId: "bob",
      code: "NO",
      reason: "a\u001b[31m",
    });
    log.append({ event: "acme.export", class: "access", userId: "=cmd()", tenantId: "acme" });
    const [commands] = await stack.call(hooks.stack.commands, { version: 1 });
    const [command] = commands?.status === "ok" ? commands.value : [];
    let out = "";
    let err = "";
    const code = await command?.run(args, {
      out: (text) => void (out += text),
      err: (text) => void (err += text),
      json: false,
      principal: null,
    });
    await stack.dispose();
    return { code: code ?? -1, out, err };
  }

  it("verifies", async () => {
    expect(await run("verify")).toEqual({ code: 0, out: "ok: 2 entries in memory, every chain whole\n", err: "" });
  });
  it("tails, and shows control characters instead of obeying them", async () => {
    expect((await run("tail", "--user", "bob")).out).toBe(
      "2026-01-01T00:00:00.000Z  tool.denied  denied  bob  NO  a\uFFFD[31m\n",
    );
  });
  it("takes an unknown format for an error, and not for JSON", async () => {
    expect(await run("export", "--format", "xml")).toMatchObject({ code: 2, out: "" });
    expect((await run("export", "--format", "xml")).err).toContain('--format is jsonl or csv, not "xml".');
    expect(await run("tail", "--format", "csv")).toMatchObject({ code: 2, out: "" });
    expect(await run("export", "--limit", "many")).toMatchObject({ code: 2, out: "" });
    expect((await run("export", "--colour")).err).toContain("--colour");
  });
  it("exports, and keeps a spreadsheet from running a name", async () => {
    const { out } = await run("export", "--format", "csv");
    expect(out.split("\r\n")[0]?.startsWith("seq,time,event")).toBe(true);
    expect(out).toContain(",'=cmd(),");
    expect(
      (await run("export")).out
        .split("\n")
        .filter(Boolean)
        .map((line) => JSON.parse(line).seq),
    ).toEqual([1, 2]);
  });
  it.each([[], ["burn"], ["tail", "--decision", "maybe"], ["tail", "--limit", "x"]])(
    "says what can be asked: %j",
    async (...args) => {
      expect(await run(...args.flat())).toMatchObject({
        code: 2,
        out: "",
        err: expect.stringMatching(/usage|AUDIT_QUERY/),
      });
    },
  );
});

it("lets no tool run that would not be recorded, when told so", async () => {
  const { mkdtemp, rm, rename } = await import("node:fs/promises");
  const folder = await mkdtemp(`${(await import("node:os")).tmpdir()}/audit-`);
  const stack = createStack({
    plugins: [audit({ folder, onFailure: "deny" })],
    clock: fakeClock("2026-01-01T00:00:00Z"),
  });
  await stack.ready();
  const original = scriptedTool("search", "found");
  const search = stack.wrapTool(original);
  await search.invoke({});
  await rename(folder, `${folder}-away`);
  stack.get(audit).append({ event: "a.b", class: "change" });
  await stack.flush().catch(() => undefined);
  await expect(search.invoke({})).rejects.toMatchObject({ code: "AUDIT_UNAVAILABLE" });
  expect(original.calls).toHaveLength(1);
  await rename(`${folder}-away`, folder);
  await stack.get(audit).flush();
  await search.invoke({});
  expect(original.calls).toHaveLength(2);
  await stack.dispose();
  await rm(folder, { recursive: true });
});
