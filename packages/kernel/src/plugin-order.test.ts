import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { dependentsOf, orderPlugins } from "./plugin-order.js";
import { definePlugin, type Plugin } from "./plugin.js";
import { defineService } from "./service.js";

interface Needs {
  provides?: string[];
  requires?: string[];
  optional?: string[];
  before?: string[];
  after?: string[];
  key?: string;
}
const keys = (ids: string[] = []) => ids.map((id) => defineService<unknown>()(id));
const plugin = (name: string, { provides, requires, optional, before = [], after = [], key }: Needs = {}): Plugin =>
  definePlugin({
    name,
    version: "1.0.0",
    provides: keys(provides),
    requires: keys(requires),
    optional: keys(optional),
    before,
    after,
    setup: () => undefined,
  })(undefined, key === undefined ? {} : { key });
const ids = (plugins: readonly Plugin[]) => plugins.map(({ id }) => id);

describe("orderPlugins", () => {
  it("starts providers first, keeps the list's order otherwise", () => {
    const order = orderPlugins([
      plugin("dashboard", { requires: ["metrics"], optional: ["security"] }),
      plugin("other"),
      plugin("metrics", { provides: ["metrics"] }),
      plugin("security", { provides: ["security"] }),
    ]);
    expect(ids(order)).toEqual(["other", "metrics", "security", "dashboard"]);
  });

  it("does without an optional service", () => {
    expect(ids(orderPlugins([plugin("a", { optional: ["x"] })]))).toEqual(["a"]);
  });

  it("lets two plugins find each other's services: the list decides who starts first", () => {
    const a = plugin("a", { provides: ["a"], optional: ["b"] });
    const b = plugin("b", { provides: ["b"], optional: ["a"] });
    expect(ids(orderPlugins([a, b]))).toEqual(["b", "a"]);
    expect(ids(orderPlugins([b, a]))).toEqual(["a", "b"]);
    expect(ids(orderPlugins([a, plugin("b", { provides: ["b"], requires: ["a"] })]))).toEqual(["a", "b"]);
  });

  it("honours before and after names, of one instance or of all", () => {
    const order = orderPlugins([
      plugin("a", { after: ["limit"] }),
      plugin("limit", { key: "eu" }),
      plugin("limit", { key: "us", before: ["limit:eu"] }),
      plugin("z", { before: ["a", "ghost?"] }),
    ]);
    expect(ids(order)).toEqual(["limit:us", "limit:eu", "z", "a"]);
  });

  it("names who misses what, and what is there", () => {
    expect(() =>
      orderPlugins([
        plugin("dashboard", { requires: ["metrics"] }),
        plugin("s", { provides: ["security"] }),
        plugin("p", { provides: ["perf"] }),
      ]),
    ).toThrow(
      '[SERVICE_MISSING] plugin "dashboard" cannot start: nothing provides the service "metrics".\n  Why: it requires [metrics]; installed plugins provide [security, perf].',
    );
  });

  it("refuses two providers, unknown names and rings", () => {
    expect(() => orderPlugins([plugin("a", { provides: ["x"] }), plugin("b", { provides: ["x"] })])).toThrow(
      '[SERVICE_DUPLICATE] two providers for the service "x".',
    );
    expect(() => orderPlugins([plugin("a", { after: ["ghost"] })])).toThrow(
      '[PLUGIN_UNKNOWN] plugin "a" names "ghost" in after, which is not installed.',
    );
    expect(() =>
      orderPlugins([
        plugin("a", { provides: ["x"], requires: ["y"] }),
        plugin("b", { provides: ["y"], requires: ["x"] }),
      ]),
    ).toThrow("a -> b -> a");
    expect(() =>
      orderPlugins([plugin("a", { before: ["b"] }), plugin("b", { before: ["c"] }), plugin("c", { before: ["a"] })]),
    ).toThrow("a -> b -> c -> a");
  });

  it("puts every provider before those who need it, whatever the list's order", () => {
    const chain = ["a", "b", "c", "d", "e"];
    fc.assert(
      fc.property(fc.shuffledSubarray(chain, { minLength: 5 }), (shuffled) => {
        const plugins = shuffled.map((name) =>
          plugin(name, { provides: [name], requires: name === "a" ? [] : [chain[chain.indexOf(name) - 1]!] }),
        );
        expect(ids(orderPlugins(plugins))).toEqual(chain);
      }),
    );
  });
});

describe("dependentsOf", () => {
  it("follows services through other plugins", () => {
    const plugins = [
      plugin("a", { provides: ["a"] }),
      plugin("b", { provides: ["b"], requires: ["a"] }),
      plugin("c", { optional: ["b"] }),
      plugin("d"),
    ];
    expect([...dependentsOf(plugins, ["a"])].sort()).toEqual(["b", "c"]);
    expect([...dependentsOf(plugins, [])]).toEqual([]);
  });
});
