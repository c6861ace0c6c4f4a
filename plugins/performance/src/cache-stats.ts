import { Histogram } from "@graphtap/values";
import type { BypassReason } from "./key.js";

/** Why an entry left the cache. `entries` and `bytes`: to make room. */
export type EvictionCause = "entries" | "bytes" | "ttl" | "invalidated" | "replaced" | "cleared";

const CAUSES: readonly EvictionCause[] = ["entries", "bytes", "ttl", "invalidated", "replaced", "cleared"];

/** What a cache did since it was made. Rates are null until somebody asked. */
export interface CacheStats {
  readonly entries: number;
  readonly maxEntries: number;
  /** Estimated, not measured: memory of JavaScript objects cannot be asked for. */
  readonly bytes: number;
  readonly maxBytes: number;
  readonly ttlMs: number;
  readonly hits: number;
  /** Asked while another caller's build of the same was under way: no build of their own. */
  readonly joined: number;
  /** Of these, `stale` were there and too old. */
  readonly misses: number;
  readonly stale: number;
  /** Configurations without a safe key: built, and not cached. Not among the misses. */
  readonly bypassed: number;
  readonly bypassedBy: Readonly<Partial<Record<BypassReason, number>>>;
  /** Share of what was asked that needed no build of its own, 0 to 1. */
  readonly hitRate: number | null;
  readonly missRate: number | null;
  readonly evictions: Readonly<Record<EvictionCause, number>>;
  /** Larger than the whole cache, or invalidated while it was built. */
  readonly notStored: number;
  readonly builds: {
    readonly count: number;
    readonly failed: number;
    readonly p50Ms: number | null;
    readonly p95Ms: number | null;
  };
  /** Calls of `onEvent` that threw; nothing else came of it. */
  readonly listenersFailed: number;
  /** Milliseconds that hits would have spent on building, by the time their entry took. */
  readonly savedMs: number;
}

/** Counts of one cache. */
export class CacheCounts {
  hits = 0;
  joined = 0;
  misses = 0;
  stale = 0;
  notStored = 0;
  savedMs = 0;
  failed = 0;
  listenersFailed = 0;
  readonly builds = new Histogram();
  readonly #bypassed = new Map<BypassReason, number>();
  readonly #evictions = new Map<EvictionCause, number>();

  bypassed(reason: BypassReason): void {
    this.#bypassed.set(reason, (this.#bypassed.get(reason) ?? 0) + 1);
  }

  evicted(cause: EvictionCause): void {
    this.#evictions.set(cause, (this.#evictions.get(cause) ?? 0) + 1);
  }

  stats(size: Pick<CacheStats, "entries" | "maxEntries" | "bytes" | "maxBytes" | "ttlMs">): CacheStats {
    const { hits, joined, misses, stale, notStored, savedMs, failed, builds, listenersFailed } = this;
    const asked = hits + joined + misses;
    return {
      ...size,
      hits,
      joined,
      misses,
      stale,
      bypassed: [...this.#bypassed.values()].reduce((sum, count) => sum + count, 0),
      bypassedBy: Object.fromEntries(this.#bypassed),
      hitRate: asked === 0 ? null : (hits + joined) / asked,
      missRate: asked === 0 ? null : misses / asked,
      evictions: Object.fromEntries(CAUSES.map((cause) => [cause, this.#evictions.get(cause) ?? 0])) as Record<
        EvictionCause,
        number
      >,
      notStored,
      listenersFailed,
      builds: { count: builds.count, failed, p50Ms: builds.quantile(0.5), p95Ms: builds.quantile(0.95) },
      savedMs,
    };
  }
}
