import { LRUCache } from "lru-cache";
import { CacheCounts, type CacheStats, type EvictionCause } from "./cache-stats.js";
import { cacheCallInvalid } from "./errors.js";
import { SingleFlight } from "./flight.js";
import { cacheOptions } from "./given.js";
import { type BypassReason, keyOf } from "./key.js";

/** Options of {@link WorkflowCache}. */
export interface WorkflowCacheOptions {
  /** Default 100. */
  readonly maxEntries?: number | undefined;
  /** Estimated bytes of all entries. Default 268,435,456 (256 MiB). */
  readonly maxBytes?: number | undefined;
  /** Milliseconds for which an entry is good, from when it was stored. Default 3,600,000 (one hour). */
  readonly ttlMs?: number | undefined;
  /** Milliseconds, monotonic. Default: the machine's. */
  readonly now?: (() => number) | undefined;
  readonly onEvent?: ((event: CacheEvent) => void) | undefined;
}

/** What a cache tells as it happens; `key` is a digest and holds no configuration. */
export type CacheEvent =
  | { readonly type: "hit"; readonly key: string; readonly workflow: string; readonly ageMs: number }
  | { readonly type: "miss"; readonly key: string; readonly workflow: string; readonly stale: boolean }
  | { readonly type: "bypassed"; readonly workflow: string; readonly reason: BypassReason }
  | { readonly type: "built"; readonly key: string; readonly workflow: string; readonly durationMs: number }
  | { readonly type: "evicted"; readonly key: string; readonly workflow: string; readonly cause: EvictionCause };

/** What a workflow is made of, so far as it decides which one it is. */
export interface WorkflowRecipe {
  readonly providerName: string;
  readonly workflowType: string;
  /** Plain data, and live objects (models, tools, retrievers) anywhere in it. No user and no conversation. */
  readonly config: unknown;
  /** Entries of one tenant are never another's. Default: shared by all. */
  readonly tenantId?: string | null | undefined;
}

/** How an entry is kept. */
export interface EntryOptions {
  /** Names under which {@link WorkflowCache.invalidate} finds it. */
  readonly tags?: readonly string[] | undefined;
  /** Estimated size. Default 20,480. */
  readonly bytes?: number | undefined;
}

interface Entry<V> {
  readonly value: V;
  readonly workflow: string;
  readonly tags: ReadonlySet<string>;
  readonly bytes: number;
  readonly buildMs: number | null;
  readonly storedAt: number;
}

interface Build {
  readonly tags: ReadonlySet<string>;
  /** False once something happened after which the result may not be kept. */
  keep: boolean;
}

const DEFAULT_BYTES = 20_480;

/**
 * Compiled workflows by what they are made of. A compiled graph holds no user, so it is shared; two configurations share
 * one only if they are the same, and what has no safe key is never cached.
 *
 * @example
 * const cache = new WorkflowCache({ maxEntries: 100, ttlMs: 3_600_000 });
 * const recipe = { providerName: "openai", workflowType: "rag", config };
 * const workflow = await cache.getOrBuild(recipe, () => stack.createWorkflow(spec));
 */
export class WorkflowCache<V extends object = object> {
  readonly #lru: LRUCache<string, Entry<V>>;
  /** When each key falls due, in order: all live equally long. */
  readonly #due = new Map<string, number>();
  readonly #flights = new SingleFlight<V>();
  readonly #builds = new Map<string, Build>();
  readonly #counts = new CacheCounts();
  readonly #ttlMs: number;
  readonly #now: () => number;
  readonly #onEvent: ((event: CacheEvent) => void) | undefined;
  #cause: EvictionCause = "cleared";

  /** @throws GraphTapError CACHE_CALL_INVALID */
  constructor(options: WorkflowCacheOptions = {}) {
    const { maxEntries, maxBytes, ttlMs } = cacheOptions(options);
    const { now, onEvent } = options;
    this.#ttlMs = ttlMs;
    this.#now = now ?? (() => performance.now());
    this.#onEvent = onEvent;
    this.#lru = new LRUCache({
      max: maxEntries,
      maxSize: maxBytes,
      sizeCalculation: ({ bytes }) => bytes,
      dispose: (entry, key, reason) => this.#left(entry, key, reason),
    });
  }

  /**
   * The workflow of a recipe; null if there is none, it is too old, or the recipe has no safe key.
   *
   * @typeParam W what was put there under this recipe; not checked
   * @throws GraphTapError CACHE_CALL_INVALID
   * @example const workflow = cache.get<Workflow>({ providerName: "openai", workflowType: "rag", config });
   */
  get<W extends V = V>(recipe: WorkflowRecipe): W | null {
    const key = this.#keyOf("get", recipe);
    return key === null ? null : ((this.#find(key, recipe.workflowType)?.value as W | undefined) ?? null);
  }

  /**
   * Keeps a workflow. Putting it again takes the place of the first and of nothing else.
   *
   * @param buildMs how long it took to make, for the time that hits save.
   * @returns whether it was kept: not without a safe key, nor if it is larger than the whole cache.
   * @throws GraphTapError CACHE_CALL_INVALID
   */
  put(entry: WorkflowRecipe & EntryOptions & { readonly workflow: V; readonly buildMs?: number | undefined }): boolean {
    const key = this.#keyOf("put", entry);
    const { workflow, buildMs = null, tags, bytes } = entry;
    if ((typeof workflow !== "object" && typeof workflow !== "function") || workflow === null)
      throw cacheCallInvalid("put", "workflow is no object.");
    if (key === null) return false;
    if (buildMs !== null) this.#counts.builds.record(buildMs);
    // What is under way for this key is older than what was just put.
    const build = this.#builds.get(key);
    if (build !== undefined) build.keep = false;
    this.#flights.forget(key);
    return this.#store(key, workflow, entry.workflowType, { tags, bytes }, buildMs);
  }

  /**
   * The workflow of a recipe, built if need be; once for all who ask at the same time. A failure is not kept. `signal`
   * is this caller's own: when it aborts the others still get theirs.
   *
   * @throws GraphTapError CACHE_CALL_INVALID, and what `build` throws
   */
  async getOrBuild<W extends V>(
    recipe: WorkflowRecipe,
    build: (signal: AbortSignal) => W | Promise<W>,
    options: EntryOptions & { readonly signal?: AbortSignal | undefined } = {},
  ): Promise<W> {
    const { signal, ...kept } = options;
    const key = this.#keyOf("getOrBuild", recipe);
    if (typeof build !== "function") throw cacheCallInvalid("getOrBuild", "build is no function.");
    if (key === null) return build(signal ?? new AbortController().signal);
    return (await this.byKey(key, recipe.workflowType, build, () => kept, signal)) as W;
  }

  /**
   * Drops every entry with this tag; what is being built with it is handed to those who wait, and not kept.
   *
   * @returns how many entries were dropped.
   */
  invalidate(tag: string): number {
    for (const [key, build] of this.#builds)
      if (build.tags.has(tag)) {
        build.keep = false;
        this.#flights.forget(key);
      }
    const keys = [...this.#lru.entries()].filter(([, entry]) => entry.tags.has(tag)).map(([key]) => key);
    for (const key of keys) this.#drop(key, "invalidated");
    return keys.length;
  }

  /** Drops everything, also what is being built. Figures stay. */
  clear(): void {
    for (const [key, build] of this.#builds) {
      build.keep = false;
      this.#flights.forget(key);
    }
    for (const key of [...this.#lru.keys()]) this.#drop(key, "cleared");
  }

  /** Figures since the cache was made. */
  stats(): CacheStats {
    this.#purge();
    const { size: entries, max: maxEntries, maxSize: maxBytes, calculatedSize: bytes } = this.#lru;
    return this.#counts.stats({ entries, maxEntries, bytes, maxBytes, ttlMs: this.#ttlMs });
  }

  #keyOf(method: string, recipe: WorkflowRecipe): string | null {
    if (typeof recipe !== "object" || recipe === null)
      throw cacheCallInvalid(method, "expected one object: { providerName, workflowType, config }.");
    const { providerName, workflowType, config, tenantId } = recipe;
    for (const [name, value] of [
      ["providerName", providerName],
      ["workflowType", workflowType],
    ] as const)
      if (typeof value !== "string" || value === "") throw cacheCallInvalid(method, `${name} is no text, or empty.`);
    if (config === undefined) throw cacheCallInvalid(method, "config is missing.");
    if (tenantId !== undefined && tenantId !== null && (typeof tenantId !== "string" || tenantId === ""))
      throw cacheCallInvalid(method, "tenantId is no text, or empty; leave it out to share.");
    const result = keyOf([tenantId ?? null, providerName, workflowType, config]);
    if (result.ok) return result.key;
    this.bypass(workflowType, result.reason);
    return null;
  }

  /** Counts a configuration that could not be looked up. */
  bypass(workflow: string, reason: BypassReason): void {
    this.#counts.bypassed(reason);
    this.#tell({ type: "bypassed", workflow, reason });
  }

  /** {@link WorkflowCache.getOrBuild} by a key that was made elsewhere; `options` is asked only if it is built. @internal */
  async byKey(
    key: string,
    workflow: string,
    build: (signal: AbortSignal) => V | Promise<V>,
    options: () => EntryOptions,
    signal?: AbortSignal,
  ): Promise<V> {
    if (this.#flights.has(key)) this.#counts.joined++;
    else {
      const found = this.#find(key, workflow);
      if (found !== null) return found.value;
    }
    return this.#flights.run(key, (stop) => this.#build(key, workflow, build, options(), stop), signal);
  }

  #find(key: string, workflow: string): Entry<V> | null {
    const entry = this.#lru.get(key);
    const age = entry === undefined ? 0 : this.#now() - entry.storedAt;
    if (entry !== undefined && age < this.#ttlMs) {
      this.#counts.hits++;
      this.#counts.savedMs += entry.buildMs ?? 0;
      this.#tell({ type: "hit", key, workflow, ageMs: age });
      return entry;
    }
    this.#counts.misses++;
    if (entry !== undefined) {
      this.#counts.stale++;
      this.#drop(key, "ttl");
    }
    this.#tell({ type: "miss", key, workflow, stale: entry !== undefined });
    return null;
  }

  async #build(
    key: string,
    workflow: string,
    build: (signal: AbortSignal) => V | Promise<V>,
    options: EntryOptions,
    signal: AbortSignal,
  ): Promise<V> {
    const state: Build = { tags: new Set(options.tags), keep: true };
    this.#builds.set(key, state);
    const began = this.#now();
    try {
      const value = await build(signal);
      const durationMs = this.#now() - began;
      this.#counts.builds.record(durationMs);
      this.#tell({ type: "built", key, workflow, durationMs });
      if (state.keep && !signal.aborted) this.#store(key, value, workflow, options, durationMs);
      else this.#counts.notStored++;
      return value;
    } catch (error) {
      this.#counts.failed++;
      throw error;
    } finally {
      if (this.#builds.get(key) === state) this.#builds.delete(key);
    }
  }

  #store(
    key: string,
    value: V,
    workflow: string,
    { tags, bytes = DEFAULT_BYTES }: EntryOptions,
    buildMs: number | null,
  ) {
    this.#purge();
    const size = Math.max(1, Math.ceil(bytes));
    if (!(size <= this.#lru.maxSize)) {
      this.#counts.notStored++;
      this.#drop(key, "replaced");
      return false;
    }
    const full = this.#lru.size >= this.#lru.max && !this.#lru.has(key);
    this.#cause = full ? "entries" : "bytes";
    this.#due.delete(key);
    const storedAt = this.#now();
    this.#lru.set(key, { value, workflow, tags: new Set(tags), bytes: size, buildMs, storedAt });
    this.#due.set(key, storedAt + this.#ttlMs);
    return true;
  }

  /** Who listens must not be able to fail a build, or to leave an entry half removed. */
  #tell(event: CacheEvent): void {
    try {
      this.#onEvent?.(event);
    } catch {
      this.#counts.listenersFailed++;
    }
  }

  #drop(key: string, cause: EvictionCause): void {
    this.#cause = cause;
    this.#lru.delete(key);
  }

  /** What is too old must not push out what is good. */
  #purge(): void {
    const now = this.#now();
    for (const [key, due] of this.#due) {
      if (due > now) return;
      this.#drop(key, "ttl");
    }
  }

  #left({ workflow }: Entry<V>, key: string, reason: string): void {
    const cause = reason === "set" ? "replaced" : this.#cause;
    // One makes room for an entry; what has to go beside it goes for its bytes.
    if (reason === "evict") this.#cause = "bytes";
    this.#due.delete(key);
    this.#counts.evicted(cause);
    this.#tell({ type: "evicted", key, workflow, cause });
  }
}
