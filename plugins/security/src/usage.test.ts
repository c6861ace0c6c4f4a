import { describe, expect, it } from "vitest";
import { duration } from "./refusals.js";
import { Pending } from "./pending.js";
import { Tally, top, UsageBook } from "./usage.js";

const user = (userId: string) => ({ userId, service: null, tenantId: null });

describe("UsageBook", () => {
  it("counts per principal and tool, and forgets what was unused for longest", () => {
    const book = new UsageBook(2);
    book.record(user("a"), "t", 1);
    book.record(user("b"), "t", 2);
    book.record(user("a"), "t", 3);
    expect(book.of(user("a"), "t")).toEqual({ count: 2, lastUsedAt: 3 });
    book.record(user("c"), "t", 4);
    expect([book.of(user("b"), "t"), book.size, book.forgotten]).toEqual([null, 2, 1]);
    expect(book.of(user("a"), "other")).toBeNull();
    expect(book.of({ userId: null, service: "a", tenantId: null }, "t")).toBeNull();
  });
});

describe("Tally", () => {
  it("counts by name, with what does not fit under other", () => {
    const tally = new Tally(2);
    for (const name of ["b", "a", "c", "d", "a", "__proto__"]) tally.add(name);
    expect(tally.counts).toEqual([
      { name: "other", count: 3 },
      { name: "a", count: 2 },
      { name: "b", count: 1 },
    ]);
  });

  it("ranks by count, then by name", () => {
    expect(top(["b", "a", "c", "c"], 2)).toEqual([
      { name: "c", count: 2 },
      { name: "a", count: 1 },
    ]);
  });
});

describe("Pending", () => {
  it("gives each once, and forgets the oldest of too many", () => {
    const pending = new Pending();
    for (let i = 0; i <= 10_000; i++) pending.set(`x-${i}`, { method: null, cause: String(i) });
    expect(pending.take("x-0")).toBeNull();
    expect(pending.take("x-1")?.cause).toBe("1");
    expect(pending.take("x-1")).toBeNull();
  });
});

describe("duration", () => {
  it("is never shorter than it is", () => {
    expect([0, 0.2, 300, 999.5, 1_000, 1_001, 60_000, 3_600_000, 93_784_000].map(duration)).toEqual([
      "0 ms",
      "1 ms",
      "300 ms",
      "1000 ms",
      "1 s",
      "2 s",
      "1 min",
      "1 h",
      "1 d 2 h 3 min 4 s",
    ]);
  });
});
