import { describe, expect, it } from "vitest";
import { main } from "../cli/main.js";
import { testIo } from "../fixtures/io.js";
import { broken, dead, supportModule } from "../fixtures/support.js";

const inspect = async (module: () => Record<string, unknown>, ...args: string[]) => {
  const io = testIo({ modules: { "src/stack.ts": module } });
  return { code: await main(["inspect", "--stack", "src/stack.ts", ...args], io), ...io.printed };
};

describe("graphtap inspect", () => {
  it("prints plugins, services and the order of every hook", async () => {
    const { code, out, err } = await inspect(() => supportModule());
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(
      /^support \(ready\)\nplugins\n.*metrics 0\.0\.0 {2}provides metrics\n.*security 0\.0\.0 {2}provides security.*\nhooks\n/,
    );
    expect(out).toMatch(/tool\.denied .*\n│ {2}├─ metrics\n│ {2}└─ security\n/);
  });

  it("draws them", async () => {
    expect((await inspect(() => supportModule(), "--mermaid")).out).toMatch(
      /^flowchart LR\n {2}p0\["metrics 0\.0\.0"\]/,
    );
  });

  it("gives them as data", async () => {
    const { out } = await inspect(() => supportModule(), "--json", "--mermaid");
    expect(JSON.parse(out)).toMatchObject({
      name: "support",
      state: "ready",
      plugins: [{ id: "metrics" }, { id: "security" }],
      deadTaps: [],
    });
  });

  it("finds a dead tap", async () => {
    const { code, out } = await inspect(() => supportModule([dead()]));
    expect(code).toBe(1);
    expect(out).toMatch(/acme\.nobody\.fires .*DEAD/);
  });

  it("says why a stack did not start", async () => {
    const { code, out, err } = await inspect(() => supportModule([broken()]));
    expect([code, out]).toEqual([1, ""]);
    expect(err).toMatch(/^\[PLUGIN_SETUP_FAILED\].*acme-broken/);
    // The line of code that threw, which is the plugin author's.
    expect(err).toMatch(/Error: no licence\n {4}at .*support\.ts/);
  });
});
