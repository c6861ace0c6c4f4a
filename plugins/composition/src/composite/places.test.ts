import { describe, expect, it } from "vitest";
import { Places } from "./places.js";

describe("Places", () => {
  it("lets so many in, the others in their order", async () => {
    const places = new Places(2);
    const order: number[] = [];
    const back = await Promise.all([places.take(undefined), places.take(undefined)]);
    const waiting = [1, 2].map(async (number) => {
      const leave = await places.take(undefined);
      order.push(number);
      return leave;
    });
    await Promise.resolve();
    expect(order).toEqual([]);
    back[0]?.();
    back[0]?.();
    await waiting[0];
    expect(order).toEqual([1]);
    back[1]?.();
    for (const leave of await Promise.all(waiting)) leave();
    expect(order).toEqual([1, 2]);
    await places.take(undefined);
  });
  it("lets nobody wait who was aborted, and gives the place to the next", async () => {
    const places = new Places(1);
    const back = await places.take(undefined);
    const gone = new AbortController();
    const first = places.take(gone.signal);
    const second = places.take(undefined);
    gone.abort(new Error("left"));
    await expect(first).rejects.toThrow("left");
    await expect(places.take(gone.signal)).rejects.toThrow("left");
    back();
    (await second)();
  });
});
