import { expect, it } from "vitest";
import { UserFigures } from "./user-figures.js";

it("does not say zero of a user whose figures gave way", () => {
  const figures = new UserFigures(2);
  const done = { tokensBefore: 200, tokensAfter: 100, dropped: 4 };
  const nothing = { compressed: 0, tokensBefore: 0, tokensAfter: 0, dropped: 0 };
  expect(figures.of("alice", null)).toEqual(nothing);
  for (const userId of ["alice", "bob"]) figures.add(userId, null, done);
  expect(figures.of("alice", null)).toEqual({ compressed: 1, ...done });
  expect(figures.of("alice", "acme")).toEqual(nothing);
  figures.add("carol", null, done);
  expect(figures.of("alice", null)).toBeNull();
  expect(figures.of("carol", null)).toEqual({ compressed: 1, ...done });
});
