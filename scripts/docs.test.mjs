// @ts-check
import { describe, expect, it } from "vitest";
import { errorsPage } from "./docs-errors.mjs";
import { hooksOf, hooksPage } from "./docs-hooks.mjs";

const text = { title: "It broke", why: "Because.", do: "Mend it." };
/** @param {string} name @param {Record<string, unknown>} [more] */
const hook = (name, more) => ({
  [Symbol.for("graphtap.hook")]: true,
  name,
  kind: "guard",
  fault: "deny",
  timeoutMs: 2000,
  doc: "Judges | refuses.",
  transforms: false,
  ...more,
});

describe("docs/errors.md", () => {
  it("has each code once, under the package that owns it", () => {
    const loaded = [
      { name: "kernel", exports: { errorCatalog: { B_CODE: text, A_CODE: { ...text, example: "x();" } } } },
      { name: "umbrella", exports: { errorCatalog: { A_CODE: { ...text, example: "x();" }, C_CODE: text } } },
      { name: "silent", exports: {} },
    ];
    const page = errorsPage(loaded);
    expect(page.match(/^##+ .*$/gm)).toEqual(["## kernel", "### A_CODE", "### B_CODE", "## umbrella", "### C_CODE"]);
    expect(page).toContain("- **Why:** Because.\n- **Do:** Mend it.\n\n```ts\nx();\n```\n");
  });

  it("refuses an empty text and two texts for one code", () => {
    expect(() => errorsPage([{ name: "k", exports: { errorCatalog: { A: { ...text, do: " " } } } }])).toThrow(
      'k: errorCatalog.A has no "do"',
    );
    const other = { name: "l", exports: { errorCatalog: { A: { ...text, why: "Else." } } } };
    expect(() => errorsPage([{ name: "k", exports: { errorCatalog: { A: text } } }, other])).toThrow("explained twice");
  });
});

describe("docs/hooks.md", () => {
  const hooks = {
    tool: { authorize: hook("tool.authorize") },
    run: { input: hook("run.input", { transforms: true, timeoutMs: null }) },
  };

  it("finds hooks in groups and as exports, each with its first owner", () => {
    const own = hook("security.denied", { kind: "series" });
    const placed = hooksOf([
      { name: "langgraph", exports: { hooks, other: 1, clock: new Date() } },
      { name: "security", exports: { own, hooks } },
    ]);
    expect(placed.map(({ hook: { name }, owner }) => [name, owner])).toEqual([
      ["tool.authorize", "langgraph"],
      ["run.input", "langgraph"],
      ["security.denied", "security"],
    ]);
  });

  it("writes a row per hook", () => {
    const page = hooksPage(hooksOf([{ name: "langgraph", exports: { hooks } }]));
    expect(page).toContain(
      "| `tool.authorize` | guard | deny | 2000 ms | `(value, ctx) => allow, deny, escalate or undefined` | Judges \\| refuses. |",
    );
    expect(page).toContain(
      "| `run.input` | guard | deny | none | `(value, ctx) => allow, deny, escalate, transform or undefined` |",
    );
  });

  it("refuses a hook without doc and an unknown kind", () => {
    expect(() => hooksPage(hooksOf([{ name: "l", exports: { a: hook("a.b", { doc: "" }) } }]))).toThrow(
      "a.b has no doc",
    );
    expect(() => hooksPage(hooksOf([{ name: "l", exports: { a: hook("a.b", { kind: "odd" }) } }]))).toThrow(
      'unknown kind "odd"',
    );
  });
});
