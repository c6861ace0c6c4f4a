import { Script } from "node:vm";
import { definePlugin, defineService } from "@graphtap/kernel";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { pluginNames } from "./name.js";

describe("pluginNames", () => {
  it("derives every name from one", () => {
    expect(pluginNames("acme-quiet-hours")).toEqual({
      package: "acme-quiet-hours",
      plugin: "acme-quiet-hours",
      folder: "acme-quiet-hours",
      factory: "acmeQuietHours",
      service: "AcmeQuietHours",
      code: "ACME_QUIET_HOURS",
    });
    expect(pluginNames("@acme/default")).toEqual({
      package: "@acme/default",
      plugin: "acme-default",
      folder: "default",
      factory: "acmeDefault",
      service: "AcmeDefault",
      code: "ACME_DEFAULT",
    });
  });

  it.each([
    ["metrics", /one word/, "acme-metrics"],
    ["", /lower-case words/, "acme-quiet-hours"],
    ["Acme-Hours", /lower-case words/, "acme-hours"],
    ["acme_hours", /lower-case words/, "acme-hours"],
    ["acme--hours", /lower-case words/, "acme-hours"],
    ["1-hour", /lower-case words/, "acme-1-hour"],
    ["../../etc", /lower-case words/, "acme-etc"],
    ["@acme/../x", /lower-case words/, "acme-x"],
    ["@/x", /lower-case words/, "acme-x"],
    ["graphtap-hours", /GraphTap's own/, "acme-hours"],
    ["@graphtap/hours", /GraphTap's own/, "acme-hours"],
    [`acme-${"x".repeat(300)}`, /214/, "acme-quiet-hours"],
  ])("refuses %j and proposes one that can be used", (given, why, proposal) => {
    expect(pluginNames(given)).toEqual({ why: expect.stringMatching(why), proposal });
    expect(pluginNames(proposal)).not.toHaveProperty("why");
  });

  it("gives only names that the kernel, npm and JavaScript take", () => {
    const word = fc.stringMatching(/^[a-z0-9@/.A-Z_-]{0,12}$/);
    fc.assert(
      fc.property(
        fc.oneof(
          word,
          fc.tuple(word, word).map((words) => words.join("-")),
          fc.tuple(word, word).map(([scope, name]) => `@${scope}/${name}`),
        ),
        (given) => {
          const names = pluginNames(given);
          if ("why" in names) {
            expect(pluginNames(names.proposal)).not.toHaveProperty("why");
            return;
          }
          expect(definePlugin({ name: names.plugin, version: "1.0.0", setup: () => undefined }).pluginName).toBe(
            names.plugin,
          );
          expect(defineService<object>()(names.plugin).id).toBe(names.plugin);
          expect(names.package).toMatch(/^(?:@[a-z0-9-]+\/)?[a-z0-9-]+$/);
          expect(names.folder).not.toMatch(/[/\\.]/);
          expect(names.code).toMatch(/^[A-Z][A-Z0-9_]*$/);
          expect(() => new Script(`const ${names.factory} = 1, ${names.service} = 2;`)).not.toThrow();
        },
      ),
    );
  });
});
