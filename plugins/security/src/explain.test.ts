import { describe, expect, it } from "vitest";
import { canCommand } from "./can.js";
import { parts } from "./fixtures/parts.js";
import { ToolRules } from "./rules.js";

const rules = () =>
  new ToolRules(
    new Map([
      [
        "files",
        {
          method: "action",
          methods: new Map([
            ["list", "read"],
            ["drop", "admin"],
          ] as const),
        },
      ],
      ["refund", { level: "write" as const }],
    ]),
  );
const alice = { userId: "alice" };

describe("explain", () => {
  it("shows every grant that was looked at, every limit, and what would change the answer", () => {
    const { manager } = parts({ rules: rules() });
    manager.grantToolPermission({
      ...alice,
      toolName: "files",
      permissionLevel: "read",
      allowedMethods: ["list"],
      rateLimit: [{ limit: 5, windowMs: 60_000 }, { limit: 9 }],
    });
    manager.grantToolPermission({
      role: "keeper",
      anyTenant: true,
      toolName: "files",
      permissionLevel: "admin",
      expiry: 5_000,
    });
    const ask = (method: string, at?: number) =>
      manager.explain({ ...alice, roles: ["keeper"], toolName: "files", method, ...(at === undefined ? {} : { at }) });
    expect(ask("list")).toMatchObject({ decision: { allowed: true }, fix: null });
    const drop = ask("drop", 6_000);
    expect(drop.considered.map(({ permission, cause }) => [permission.id, cause])).toEqual([
      ["g-1", "level"],
      ["g-2", "expired"],
    ]);
    expect(drop.fix).toBe("a grant of level admin");
    expect(ask("drop").decision.allowed).toBe(true);
    expect(ask("list").text.split("\n")).toEqual([
      "allowed",
      '  why     grant g-1 of "files" for user "alice" (policy v3)',
      '  needs   level read, method "list"',
      '  grant   g-1 for user "alice": read, methods ["list"]: enough',
      '  grant   g-2 for role "keeper" of any tenant, a role of user "alice": admin, all methods, until 1970-01-01T00:00:05.000Z: enough',
      '  limit   user "alice": 5 of 5 in 1 min left',
      '  limit   user "alice": 9 of 9 in 1 h left',
    ]);
  });

  it("says of a tool that nothing is declared about that its level can be", () => {
    const { manager } = parts({ rules: rules() });
    const ask = (metadata?: object) => manager.explain({ ...alice, toolName: "mailer", metadata } as never).fix;
    manager.grantToolPermission({ ...alice, toolName: "mailer", permissionLevel: "read" });
    expect(ask()).toBe(
      'a grant of level write, or its level where it needs less: security({ tools: { "mailer": { level: "read" } } })',
    );
    expect(ask({ permissionLevel: "write" })).toBe("a grant of level write");
    expect(ask({ permissionLevels: { send: "execute" } })).toBe("a grant of level execute");
  });

  it("says for each denial what would let it pass", () => {
    const { manager, advance } = parts({ rules: rules() });
    const fix = (input: Partial<Parameters<typeof manager.explain>[0]> = {}) =>
      manager.explain({ ...alice, toolName: "refund", ...input } as never).fix;
    const give = (terms: object, who: object = alice) =>
      manager.grantToolPermission({ ...who, toolName: "refund", permissionLevel: "write", ...terms } as never);
    expect(fix()).toBe('grantToolPermission({ userId: "alice", toolName: "refund", permissionLevel: "write" })');
    expect(fix({ tenantId: "acme" })).toContain('userId: "alice", tenantId: "acme"');
    give({ permissionLevel: "read" });
    expect(fix()).toBe("a grant of level write");
    give({ permissionLevel: "none" });
    expect(fix()).toBe('revoke g-2: a grant of "none" refuses, whatever else is granted');
    give({ allowedMethods: ["list"] });
    expect(fix({ method: "drop" })).toBe('a grant whose allowedMethods hold "drop"');
    expect(fix()).toContain('security({ tools: { "refund": { method:');
    give({ notBefore: 60_000 });
    expect(fix()).toBe("wait until 1970-01-01T00:01:00.000Z, or a grant that begins earlier");
    give({ expiry: 1_500 });
    advance(500);
    expect(fix()).toContain("grantToolPermission({ userId");
    give({ rateLimit: 1 });
    manager.admitToolExecution({ ...alice, toolName: "refund" });
    expect(fix()).toBe("wait 1 h, or a higher rateLimit");
    give({ rateLimit: 0 });
    expect(fix()).toBe("a higher rateLimit");
    give({});
    give({}, { service: "nightly" });
    expect(fix({ userId: undefined, service: "nightly", onBehalfOf: { userId: "bob" } } as never)).toContain(
      'userId: "bob"',
    );
    expect(fix({ metadata: { permissionLevel: "root" }, toolName: "odd" })).toContain("correct the tool's metadata");
    manager.kill("tool:refund");
    expect(fix()).toBe('lift("tool:refund")');
  });

  it("names the one of several that is missing a right, and the grant that refused", () => {
    const { manager } = parts({ rules: rules() });
    const give = (who: object, permissionLevel: string, terms: object = {}) =>
      manager.grantToolPermission({ ...who, toolName: "refund", permissionLevel, ...terms } as never);
    const ask = (who: object) => manager.explain({ ...who, toolName: "refund" } as never);
    const forBob = { service: "nightly", roles: ["bots"], onBehalfOf: { userId: "bob" } };
    give({ role: "bots" }, "write");
    expect(ask(forBob).fix).toBe(
      'grantToolPermission({ userId: "bob", toolName: "refund", permissionLevel: "write" })',
    );
    give({ userId: "bob" }, "read");
    expect(ask(forBob).fix).toBe("a grant of level write");
    const { id } = give({ userId: "carl" }, "none");
    give({ role: "staff" }, "read");
    expect(ask({ userId: "carl", roles: ["staff"] })).toMatchObject({
      decision: { grantIds: [id] },
      fix: `revoke ${id}: a grant of "none" refuses, whatever else is granted`,
    });
  });

  it("forges no line of a terminal, and counts nothing", () => {
    const { manager, limiter } = parts();
    const evil = 'x"\u001b[2J\nallowed';
    manager.grantToolPermission({
      userId: evil,
      toolName: evil,
      permissionLevel: "write",
      rateLimit: 1,
      allowedMethods: [evil],
    });
    for (let i = 0; i < 3; i++) {
      const { text } = manager.explain({ userId: evil, toolName: evil, method: evil });
      // oxlint-disable-next-line no-control-regex -- the very thing that must not be there
      expect(text).not.toMatch(/\u001b/);
      expect(text.split("\n")).toHaveLength(5);
    }
    expect(limiter.entries).toBe(0);
  });

  it("refuses questions that are wrong", () => {
    const { manager } = parts();
    for (const odd of [{}, { ...alice }, { ...alice, toolName: "t", at: "now" }, { ...alice, toolName: "t", when: 1 }])
      expect(() => manager.explain(odd as never)).toThrow("[AUTHORIZE_INVALID]");
  });
});

describe("listAllowed", () => {
  it("lists what somebody may use now, by which methods, and what is left", () => {
    const { manager } = parts({ rules: rules(), isAdmin: ({ roles }) => roles?.includes("root") === true });
    const give = (who: object, toolName: string, terms: object = {}) =>
      manager.grantToolPermission({ ...who, toolName, permissionLevel: "write", ...terms } as never);
    give(alice, "refund", { rateLimit: 3 });
    give(alice, "files", { permissionLevel: "read" });
    give(alice, "low", { permissionLevel: "read" });
    give(alice, "late", { notBefore: 2_000 });
    give(alice, "empty", { allowedMethods: [] });
    give({ role: "support", anyTenant: true }, "mail", { allowedMethods: ["send", "draft"] });
    give({ userId: "bob" }, "secret");
    expect(manager.listAllowed({ ...alice, roles: ["support"] })).toEqual({
      everything: false,
      tools: [
        { toolName: "files", methods: ["list"], rate: null },
        { toolName: "mail", methods: ["draft", "send"], rate: null },
        { toolName: "refund", methods: null, rate: expect.objectContaining({ remaining: 3, limit: 3 }) },
      ],
    });
    give(alice, "never", { rateLimit: 0 });
    const room = manager.admitToolExecution({ ...alice, toolName: "refund" });
    give(alice, "refund", { rateLimit: 1 });
    expect(manager.listAllowed(alice).tools.map(({ toolName }) => toolName)).toEqual(["files"]);
    room.release();
    manager.kill("tool:mail");
    expect(manager.listAllowed({ ...alice, roles: ["support"] }).tools.map(({ toolName }) => toolName)).toEqual([
      "files",
      "refund",
    ]);
    expect(manager.listAllowed({ userId: "carol", roles: ["root"] })).toMatchObject({
      everything: true,
      tools: [{ toolName: "files" }, { toolName: "refund" }],
    });
    expect(
      manager.listAllowed({ service: "s", roles: ["root"], onBehalfOf: alice }).tools.map(({ toolName }) => toolName),
    ).toEqual(["files", "refund"]);
    manager.kill("all");
    expect(manager.listAllowed({ userId: "carol", roles: ["root"] })).toEqual({ everything: false, tools: [] });
    expect(() => manager.listAllowed({} as never)).toThrow("[SECURITY_QUERY_INVALID]");
  });
});

describe("can", () => {
  function command() {
    const { manager, limiter } = parts({ rules: rules() });
    const can = canCommand(manager, (name) => name === "a.b");
    const run = async (line: string, json = false) => {
      const out: string[] = [];
      const err: string[] = [];
      const io = { out: (t: string) => void out.push(t), err: (t: string) => void err.push(t), json, principal: null };
      const exit = await can.run(line === "" ? [] : line.split(" "), io);
      return { exit, out: out.join("\n"), err: err.join("\n") };
    };
    return { manager, limiter, run };
  }

  it("answers with the decision, its grants and the fix; the exit code says which", async () => {
    const { manager, limiter, run } = command();
    expect(await run("bob refund.create")).toMatchObject({
      exit: 1,
      out: expect.stringMatching(/^denied {2}PERMISSION_NOT_GRANTED \(no-grant\)\n[\s\S]*fix +grantToolPermission/),
    });
    manager.grantToolPermission({
      userId: "bob",
      toolName: "refund",
      permissionLevel: "write",
      allowedMethods: ["create"],
      rateLimit: 1,
    });
    expect(await run("bob refund.create")).toMatchObject({
      exit: 0,
      out: expect.stringContaining("1 of 1 in 1 h left"),
    });
    expect((await run("bob refund.drop")).exit).toBe(1);
    expect((await run("bob refund")).out).toContain("no method known");
    const { out } = await run("bob refund.create", true);
    expect(JSON.parse(out)).toMatchObject({ decision: { allowed: true, method: "create" }, fix: null });
    expect(limiter.entries).toBe(0);
  });

  it("takes tenant, roles, arguments, time and services, and tools with a dot in their name", async () => {
    const { manager, run } = command();
    const give = (who: object, toolName: string, terms: object = {}) =>
      manager.grantToolPermission({ ...who, toolName, permissionLevel: "write", ...terms } as never);
    give({ role: "keeper", tenantId: "acme" }, "files", { permissionLevel: "admin", allowedMethods: ["drop"] });
    give({ service: "nightly" }, "a.b", { expiry: new Date("2030-01-01T00:00:00Z") });
    expect((await run('x files --tenant acme --role other --role keeper --args {"action":"drop"}')).exit).toBe(0);
    expect((await run('x files --tenant globex --role keeper --args {"action":"drop"}')).exit).toBe(1);
    expect((await run("nightly a.b --service")).exit).toBe(0);
    expect((await run("nightly a.b --service --at 2030-01-01T00:00:00Z")).out).toContain("(expired)");
  });

  it.each(["", "bob", "bob refund more", "bob refund --at noon", "bob refund --args {", "bob refund --level x"])(
    "says how it is used when the arguments are %j",
    async (line) => {
      const { run } = command();
      expect(await run(line)).toMatchObject({
        exit: 2,
        out: "",
        err: expect.stringContaining("graphtap can <user> <tool>"),
      });
    },
  );
});
