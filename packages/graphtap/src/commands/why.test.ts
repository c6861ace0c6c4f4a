import { describe, expect, it } from "vitest";
import { explained } from "../catalogs.js";
import { main } from "../cli/main.js";
import { testIo } from "../fixtures/io.js";

const why = async (...args: string[]) => {
  const io = testIo();
  return { code: await main(["why", ...args], io), ...io.printed };
};

describe("graphtap why", () => {
  it.each([
    "PERMISSION_NOT_GRANTED",
    "permission_not_granted",
    "[PERMISSION_NOT_GRANTED]",
    "PERMISSION_NOT_GRANTED:",
    "permission-not-granted",
  ])("explains %s", async (given) => {
    const { code, out, err } = await why(given);
    expect([code, err]).toEqual([0, ""]);
    expect(out).toMatch(
      /^PERMISSION_NOT_GRANTED \(@graphtap\/security\): A tool call was denied[\s\S]*\n {2}Why: [\s\S]*\n {2}Do: {2}[\s\S]*\n {2}Example:\n {4}stack\.get/,
    );
  });

  it.each(["TAP_FAILED", "IDENTITY_MISSING", "GUARD_TIMEOUT", "STACK_NOT_FOUND", "METRICS_QUERY_INVALID", "TOO_DEEP"])(
    "knows %s, of whichever package",
    async (given) => {
      expect((await why(given)).code).toBe(0);
    },
  );

  it("prints every code it knows, and explains each", async () => {
    const { code, out } = await why("--list");
    expect(code).toBe(0);
    expect(explained.size).toBeGreaterThan(80);
    for (const known of explained.keys()) {
      expect(out).toContain(`  ${known} `);
      const one = await why(known, "--json");
      expect(JSON.parse(one.out)).toMatchObject({
        code: known,
        title: expect.any(String),
        why: expect.any(String),
        do: expect.any(String),
        package: expect.any(String),
      });
    }
    expect((JSON.parse((await why("--list", "--json")).out) as unknown[]).length).toBe(explained.size);
  });

  it("proposes the nearest for one it does not know", async () => {
    expect(await why("PERMISION_NOT_GRANTD")).toMatchObject({
      code: 2,
      out: "",
      err: expect.stringMatching(/^\[CLI_CODE_UNKNOWN\][\s\S]*Did you mean PERMISSION_NOT_GRANTED\?/),
    });
    expect((await why("XYZZY")).err).not.toContain("Did you mean");
    for (const name of ["__proto__", "constructor", "toString"]) expect((await why(name)).code).toBe(2);
  });

  it("needs a code", async () => {
    expect(await why()).toMatchObject({ code: 2, err: expect.stringContaining("[CLI_USAGE]") });
    expect(await why("A", "B")).toMatchObject({
      code: 2,
      err: expect.stringContaining('"B" is one argument too many'),
    });
  });
});
