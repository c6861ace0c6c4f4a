import { describe, expect, it } from "vitest";
import { locateStack, parseReference } from "./reference.js";

describe("parseReference", () => {
  it.each([
    ["src/stack.ts#stack", "/app/src/stack.ts", "stack"],
    ["src/stack.ts", "/app/src/stack.ts", null],
    ["src/stack.ts#", "/app/src/stack.ts", null],
    ["/c#/stack.ts#stack", "/c#/stack.ts", "stack"],
    ["../stack.mjs#default", "/stack.mjs", "default"],
  ])("%s", (text, path, name) => {
    expect(parseReference(text, "/app")).toEqual({ text, path, export: name });
  });
});

describe("locateStack", () => {
  const locate = (flag: string | undefined, variable: string | undefined, files: readonly string[]) =>
    locateStack({ flag, variable, folder: "/app" }, (path) => files.includes(path));

  it("asks the option, then the variable, then the folder", () => {
    const files = ["/app/graphtap.config.js", "/app/graphtap.config.ts"];
    expect(locate("a.ts#x", "b.ts", files)).toMatchObject({ from: "--stack", path: "/app/a.ts", export: "x" });
    expect(locate(undefined, "b.ts", files)).toMatchObject({ from: "GRAPHTAP_STACK", path: "/app/b.ts" });
    expect(locate(undefined, "", files)).toMatchObject({
      from: "graphtap.config",
      path: "/app/graphtap.config.ts",
      export: null,
    });
    expect(locate(undefined, undefined, ["/app/graphtap.config.mjs"])).toMatchObject({ text: "graphtap.config.mjs" });
    expect(locate(undefined, undefined, ["/other/graphtap.config.ts"])).toBeNull();
  });
});
