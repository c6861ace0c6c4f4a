import { expect, it } from "vitest";
import { openProvider } from "./provider.js";
import { quickstart } from "./quickstart.js";
import { Screen } from "./screen.js";

it("streams both conversations, denies bob's refund, and reports it", async () => {
  let screen = "";
  const provider = await openProvider({});
  await quickstart(provider, new Screen((text) => (screen += text), false));

  expect(screen).toContain("Paid back 42.00 EUR for order A-17.");
  expect(screen).toContain("bob    refund: denied");
  expect(screen).toContain("I am not allowed to pay orders back for you.");
  expect(screen).toMatch(/runs\s+4 ok/);
  expect(screen).toMatch(/openai\/shop-1\s+in [1-9]/);
  expect(screen).toMatch(/lookup_order\s+2\s+2\s+0\s+0/);
  expect(screen).toMatch(/refund\s+2\s+1\s+0\s+1/);
  expect(screen).toContain('no grant of "refund" for user "bob" (default deny');
  expect(screen).toContain("tool.authorize");
});
