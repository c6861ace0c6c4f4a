import { describe, expect, it } from "vitest";
import { covers, PERMISSION_LEVELS, PermissionLevel, REQUIRED_LEVELS } from "./levels.js";
import { ToolRules } from "./rules.js";

describe("levels", () => {
  it("are ordered: each covers itself and what is below, none covers nothing", () => {
    for (const [held, name] of PERMISSION_LEVELS.entries())
      for (const [required, asked] of REQUIRED_LEVELS.entries()) expect(covers(name, asked)).toBe(held >= required + 1);
    expect(Object.values(PermissionLevel)).toEqual([...PERMISSION_LEVELS]);
  });
});

describe("ToolRules", () => {
  it("takes the host's rule before the tool's own word, and write where nobody says", () => {
    const rules = new ToolRules(
      new Map([
        ["search", { level: "read" as const }],
        ["plain", {}],
      ]),
    );
    expect(rules.required("search", { permissionLevel: "admin" })).toBe("read");
    expect(rules.required("plain", { permissionLevel: "admin" })).toBe("admin");
    expect(rules.required("other", { permissionLevel: "execute" })).toBe("execute");
    expect(rules.required("other", { permissionLevel: undefined })).toBe("write");
    expect(rules.required("other")).toBe("write");
    expect(new ToolRules(undefined, "admin").required("other")).toBe("admin");
  });

  it("knows no level where metadata names one that does not exist, none included", () => {
    const rules = new ToolRules();
    for (const level of ["none", "READ", "superuser", "", 1, null, "constructor"])
      expect(rules.required("t", { permissionLevel: level })).toBeNull();
  });

  it("does not take names of an object's own for rules, nor inherited metadata", () => {
    const rules = new ToolRules(new Map([["t", { level: "read" as const }]]));
    for (const name of ["__proto__", "constructor", "toString"]) expect(rules.required(name)).toBe("write");
    expect(rules.required("u", Object.create({ permissionLevel: "read" }) as Record<string, unknown>)).toBe("write");
  });

  it("does not change with the map it was made from", () => {
    const given = new Map([["t", { level: "admin" as const }]]);
    const rules = new ToolRules(given);
    given.clear();
    expect(rules.required("t")).toBe("admin");
  });
});

describe("ToolRules, per method", () => {
  const levels = new Map([
    ["list", "read"],
    ["drop", "admin"],
  ] as const);

  it("takes the level of the method, and for one that is not listed the highest that applies", () => {
    const rules = new ToolRules(new Map([["db", { methods: levels }]]));
    expect(rules.required("db", undefined, "list")).toBe("read");
    expect(rules.required("db", undefined, "drop")).toBe("admin");
    for (const odd of [null, "Drop", "drop ", "constructor", "__proto__"])
      expect(rules.required("db", undefined, odd)).toBe("admin");
    // Nothing but reading is listed: what is not listed needs the default.
    const readOnly = new ToolRules(new Map([["db", { methods: new Map([["list", "read"]] as const) }]]));
    expect(readOnly.required("db", undefined, "drop")).toBe("write");
    const declared = new ToolRules(
      new Map([["db", { level: "read" as const, methods: new Map([["list", "read"]] as const) }]]),
    );
    expect(declared.required("db", undefined, "drop")).toBe("read");
    expect(rules.methodsOf("db")).toEqual(["list", "drop"]);
    expect(rules.methodsOf("other")).toEqual([]);
  });

  it("takes the metadata's levels where the host says nothing, and knows none that does not exist", () => {
    const rules = new ToolRules(new Map([["ruled", { level: "read" as const }]]));
    const metadata = { permissionLevels: { list: "read", drop: "admin" } };
    expect(rules.required("db", metadata, "list")).toBe("read");
    expect(rules.required("db", metadata, null)).toBe("admin");
    expect(rules.required("ruled", metadata, "drop")).toBe("read");
    for (const odd of [{ list: "none" }, { list: "root" }, [], "read", new Map(), null])
      expect(rules.required("db", { permissionLevels: odd }, "list")).toBeNull();
    expect(rules.required("db", { permissionLevel: "root", permissionLevels: {} }, "x")).toBeNull();
  });

  it("tells the method by the name of an argument, by a function, or by metadata", () => {
    const rules = new ToolRules(
      new Map([
        ["files", { method: "action" }],
        ["odd", { method: "__proto__" }],
        ["http", { method: (args: unknown) => (args as { request: { verb: string } }).request.verb.toLowerCase() }],
      ]),
    );
    expect(rules.method("files", undefined, { action: "read" })).toBe("read");
    expect(rules.method("http", undefined, { request: { verb: "GET" } })).toBe("get");
    expect(rules.method("plain", { permissionMethodArgument: "op" }, { op: "list" })).toBe("list");
    expect(rules.method("plain", { permissionMethod: "list" }, { op: "drop" })).toBe("list");
    expect(rules.method("files", { permissionMethod: "list" }, { action: "drop" })).toBe("drop");
    const unknown: [string, Record<string, unknown> | undefined, unknown][] = [
      ["plain", undefined, { method: "read" }],
      ["plain", { permissionMethod: "a", permissionMethodArgument: "op" }, { op: "a" }],
      ["plain", { permissionMethod: 7 }, {}],
      ["plain", { permissionMethodArgument: ["op"] }, { op: "a" }],
      ["files", undefined, {}],
      ["files", undefined, "read"],
      ["files", undefined, null],
      ["files", undefined, undefined],
      ["files", undefined, [{ action: "read" }]],
      ["files", undefined, { action: "" }],
      ["files", undefined, { action: ["read"] }],
      ["files", undefined, { action: "x".repeat(257) }],
      ["files", undefined, Object.create({ action: "read" })],
      ["odd", undefined, {}],
      ["http", undefined, {}],
      ["http", undefined, undefined],
    ];
    for (const [tool, metadata, args] of unknown) expect(rules.method(tool, metadata, args)).toBeNull();
    const late = new ToolRules(new Map([["t", { method: () => Promise.resolve("read") }]]));
    expect(late.method("t", undefined, {})).toBeNull();
    // A rejection that nobody takes would end this process.
    const failing = new ToolRules(new Map([["t", { method: () => Promise.reject(new Error("late")) }]]));
    expect(failing.method("t", undefined, {})).toBeNull();
  });
});
