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
