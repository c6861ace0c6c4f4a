import { expect, it } from "vitest";
import { customStack } from "./custom-stack.js";

it("masks, refuses and lets pass, and every plugin tells its part", async () => {
  const lines: string[] = [];
  await customStack((text) => lines.push(...text.split("\n")));
  const screen = lines.join("\n");
  expect(screen).toContain("(in French) Please translate: see [hidden:ticket], or write to [hidden:email].");
  expect(screen).toContain("refused: CONTENT_BLOCKED");
  expect(screen).toContain("(in French) Please translate: good morning.");
  expect(screen).toMatch(/runs {2}2 ok, 1 denied/);
  expect(screen).toMatch(/run\.denied {2}CONTENT_BLOCKED/);
  const said = lines.filter((line) => !line.startsWith(">")).join("\n");
  expect(said).not.toMatch(/TCK-004217|tom@example|bluebird/i);
  expect(screen).toContain("└─ content 0.0.0");
});
