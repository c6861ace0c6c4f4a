import { InMemoryCache } from "@langchain/langgraph-checkpoint";
import { describe, expect, it } from "vitest";
import type { Core } from "../core.js";
import { withGovernedCache } from "./cache.js";

/** The part of a stack that the view asks: what its plugins guard, and who runs. */
function coreWith(dispatch: { readonly needsIdentity: boolean }, userId: string | null = null): Core {
  const principal = userId === null ? null : { tenantId: "t", userId, service: null, roles: [], onBehalfOf: null };
  return { frames: { getStore: () => ({ scope: { dispatch }, ctx: { principal } }) } } as unknown as Core;
}

const key = [["nodes"], "key"] as [string[], string];
const pair = { key, value: 1 };
function viewOf(core: Core, cache: InMemoryCache): InMemoryCache {
  const graph = { nodes: {}, cache };
  return (withGovernedCache(core, graph as never) as typeof graph).cache;
}

class Remembering extends InMemoryCache {
  readonly gave: unknown[] = [];
  #give<T>(promise: Promise<T>): Promise<T> {
    this.gave.push(promise);
    return promise;
  }
  override get(...args: Parameters<InMemoryCache["get"]>): ReturnType<InMemoryCache["get"]> {
    return this.#give(super.get(...args));
  }
  override set(...args: Parameters<InMemoryCache["set"]>): Promise<void> {
    return this.#give(super.set(...args));
  }
}

describe("a governed cache", () => {
  it("hands on the cache's own promises while nothing is guarded, so that no run waits a turn longer", async () => {
    const cache = new Remembering();
    const view = viewOf(coreWith({ needsIdentity: false }), cache);
    const set = view.set([pair]);
    await set;
    const got = view.get([key]);
    expect([set === cache.gave[0], got === cache.gave[1]]).toEqual([true, true]);
    expect(await got).toEqual([pair]);
  });

  it("keeps what one user was given from another while something is guarded", async () => {
    const cache = new InMemoryCache();
    const of = (user: string) => viewOf(coreWith({ needsIdentity: true }, user), cache);
    await of("alice").set([pair]);
    expect(await of("alice").get([key])).toEqual([pair]);
    expect(await of("bob").get([key])).toEqual([]);
    expect(await cache.get([key])).toEqual([]);
  });
});
