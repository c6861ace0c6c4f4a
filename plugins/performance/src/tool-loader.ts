import { type Clock, GraphTapError, systemClock, type Timer } from "@graphtap/kernel";
import {
  perfDisposed,
  toolDuplicate,
  toolFailed,
  toolLimit,
  toolUndeclared,
  toolUnknown,
  toolUnregistrable,
} from "./errors.js";
import { SingleFlight } from "./flight.js";
import { loaderOptions, toolNames } from "./given.js";
import { type LoadPolicy, loadTool, type ToolSource } from "./tool-load.js";
import {
  disposeTool,
  LazyTool,
  type LoadedTool,
  type LoadedTools,
  type ToolDeclaration,
  type ToolFactory,
} from "./tool-source.js";
import { LoaderCounts, type LoaderStats } from "./tool-stats.js";

/** Options of {@link LazyToolLoader}. */
export interface LazyToolLoaderOptions {
  /** Tools that may be registered. Default 1,000. */
  readonly maxTools?: number | undefined;
  /** Further attempts after a failed one. Default 2. */
  readonly retries?: number | undefined;
  /** Milliseconds before the first retry; doubled for each further one. Default 100. */
  readonly backoffMs?: number | undefined;
  /** Milliseconds one attempt may take. Default 30,000. */
  readonly loadTimeoutMs?: number | undefined;
  /** Milliseconds for which a tool that could not be loaded is not tried again. Default 30,000; 0 tries each time. */
  readonly negativeTtlMs?: number | undefined;
  /** Milliseconds without use after which a tool is unloaded. Default null: never. Preloaded ones stay. */
  readonly idleMs?: number | null | undefined;
  readonly clock?: Clock | undefined;
  readonly onLoad?: ((event: LoadEvent) => void) | undefined;
}

/** A load ended. */
export interface LoadEvent {
  readonly name: string;
  readonly ok: boolean;
  readonly durationMs: number;
  readonly attempts: number;
}

interface Entry extends ToolSource {
  stub: LazyTool | null;
  tool: LoadedTool | null;
  /** Preloaded: stays however long nobody uses it. */
  kept: boolean;
  inUse: number;
  usedAt: number;
  failure: { readonly error: GraphTapError; readonly until: number } | null;
  loads: number;
  failures: number;
  calls: number;
  lastLoadMs: number | null;
}

const NAME = /^[A-Za-z0-9_.:-]{1,128}$/;

/**
 * Tools that are made or imported when they are first needed, once for all who need them.
 *
 * @example
 * loader.register("calculator", () => import("./calculator.js"), { description: "Adds numbers.", schema });
 * const calculator = await loader.getTool("calculator");
 * const workflow = await stack.createWorkflow({ mode: "tools", llm, tools: [loader.lazy("calculator")] });
 */
export class LazyToolLoader {
  readonly #policy: LoadPolicy;
  readonly #maxTools: number;
  readonly #negativeTtlMs: number;
  readonly #idleMs: number | null;
  readonly #onLoad: ((event: LoadEvent) => void) | undefined;
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();
  readonly #flights = new SingleFlight<LoadedTool>();
  readonly #counts = new LoaderCounts();
  #idleTimer: Timer | null = null;
  #disposed = false;

  /** @throws GraphTapError LAZY_TOOL_CALL_INVALID */
  constructor(options: LazyToolLoaderOptions = {}) {
    const { maxTools, negativeTtlMs, idleMs, retries, backoffMs, loadTimeoutMs } = loaderOptions(options);
    const { clock = systemClock, onLoad } = options;
    this.#clock = clock;
    this.#policy = { clock, retries, backoffMs, loadTimeoutMs };
    this.#maxTools = maxTools;
    this.#negativeTtlMs = negativeTtlMs;
    this.#idleMs = idleMs;
    this.#onLoad = onLoad;
  }

  /**
   * Says how a tool is had. Nothing is loaded.
   *
   * @throws GraphTapError LAZY_TOOL_UNREGISTRABLE, LAZY_TOOL_DUPLICATE, LAZY_TOOL_LIMIT
   */
  register(name: string, factory: ToolFactory, declaration: ToolDeclaration = {}): void {
    if (typeof name !== "string" || !NAME.test(name)) throw toolUnregistrable("The name is no usable one.");
    if (typeof factory !== "function") throw toolUnregistrable(`The factory of "${name}" is no function.`);
    const { description, schema } = declaration;
    if (description !== undefined && typeof description !== "string")
      throw toolUnregistrable(`The description of "${name}" is no text.`);
    if (schema !== undefined && (typeof schema !== "object" || schema === null))
      throw toolUnregistrable(`The schema of "${name}" is no schema.`);
    if (this.#entries.has(name)) throw toolDuplicate(name);
    if (this.#entries.size >= this.#maxTools) throw toolLimit(this.#maxTools);
    this.#entries.set(name, {
      name,
      factory,
      declaration: { ...declaration },
      stub: null,
      tool: null,
      kept: false,
      inUse: 0,
      usedAt: 0,
      failure: null,
      loads: 0,
      failures: 0,
      calls: 0,
      lastLoadMs: null,
    });
  }

  /** Takes a tool off the list and unloads it; whether it was there. Stubs of it fail from then on. */
  async unregister(name: string): Promise<boolean> {
    const entry = this.#entries.get(name);
    if (entry === undefined) return false;
    this.#entries.delete(name);
    this.#flights.forget(name);
    // The last call that uses it unloads it.
    if (entry.inUse === 0) await this.#unload(entry);
    return true;
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** Registered names, in the order of registration. */
  names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  isLoaded(name: string): boolean {
    return (this.#entries.get(name)?.tool ?? null) !== null;
  }

  /** Drops what is remembered of a failed load: the next call tries at once. */
  forget(name: string): void {
    const entry = this.#entries.get(name);
    if (entry !== undefined) entry.failure = null;
  }

  /**
   * A tool, loaded if it is not. A caller may leave by `signal`; the others get theirs.
   *
   * @typeParam T what the factory gives; not checked
   * @throws GraphTapError LAZY_TOOL_UNKNOWN, LAZY_TOOL_FAILED, LAZY_TOOL_MISMATCH, PERF_DISPOSED
   */
  async getTool<T extends object = LoadedTool>(
    name: string,
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<T> {
    if (this.#disposed) throw perfDisposed();
    const entry = this.#entries.get(name);
    if (entry === undefined) throw toolUnknown(name, this.names());
    return this.#toolOf(entry, signal) as Promise<T>;
  }

  async #toolOf(entry: Entry, signal?: AbortSignal): Promise<LoadedTool> {
    if (this.#disposed) throw perfDisposed();
    if (entry.tool !== null) {
      this.#counts.hits++;
      this.#used(entry);
      return entry.tool;
    }
    if (entry.failure !== null && this.#clock.monotonic() < entry.failure.until) {
      this.#counts.negativeHits++;
      throw entry.failure.error;
    }
    return this.#flights.run(entry.name, (stop) => this.#load(entry, stop), signal);
  }

  /**
   * Several tools, loaded side by side. Never rejects for one of them: it says which are missing and which failed.
   *
   * @throws GraphTapError LAZY_TOOL_CALL_INVALID
   */
  async getTools<T extends object = LoadedTool>(
    names: readonly string[],
    options: { readonly signal?: AbortSignal } = {},
  ): Promise<LoadedTools<T>> {
    const wanted = [...new Set(toolNames("getTools", names))];
    const known = wanted.filter((name) => this.#entries.has(name));
    const results = await Promise.allSettled(known.map((name) => this.getTool<T>(name, options)));
    if (options.signal?.aborted === true) throw options.signal.reason;
    const byName = new Map<string, T>();
    const failed: { name: string; error: unknown }[] = [];
    for (const [index, result] of results.entries()) {
      const name = known[index] as string;
      if (result.status === "fulfilled") byName.set(name, result.value);
      else failed.push({ name, error: result.reason as unknown });
    }
    const missing = wanted.filter((name) => !known.includes(name));
    return { tools: [...byName.values()], byName, missing, failed, complete: byName.size === wanted.length };
  }

  /** Loads tools ahead of need and keeps them, however long nobody uses them. Default: all that are registered. */
  async preload(names: readonly string[] = this.names()): Promise<LoadedTools> {
    for (const name of toolNames("preload", names)) {
      const entry = this.#entries.get(name);
      if (entry !== undefined) entry.kept = true;
    }
    return this.getTools(names);
  }

  /**
   * A tool for a workflow or a ToolNode whose body is loaded at its first call. The same name gives the same object.
   *
   * @throws GraphTapError LAZY_TOOL_UNKNOWN, LAZY_TOOL_UNDECLARED
   */
  lazy(name: string): LazyTool {
    const entry = this.#entries.get(name);
    if (entry === undefined) throw toolUnknown(name, this.names());
    const { description, schema } = entry.declaration;
    if (description === undefined || schema === undefined) throw toolUndeclared(name);
    entry.stub ??= new LazyTool(name, { ...entry.declaration, description, schema }, (use) => this.#use(entry, use));
    return entry.stub;
  }

  /** Unloads one tool and disposes of it; whether it was loaded. One that is being called stays. */
  async unload(name: string): Promise<boolean> {
    const entry = this.#entries.get(name);
    if (entry === undefined || entry.inUse > 0) return false;
    entry.kept = false;
    return this.#unload(entry);
  }

  /** Figures since the loader was made. */
  stats(): LoaderStats {
    const entries = [...this.#entries.values()];
    const { failures, retries, negativeHits, hits, unloads, listenersFailed, took } = this.#counts;
    return {
      registered: entries.length,
      loaded: entries.filter(({ tool }) => tool !== null).length,
      maxTools: this.#maxTools,
      loads: took.count,
      failures,
      retries,
      negativeHits,
      hits,
      unloads,
      listenersFailed,
      loadMs: { p50: took.quantile(0.5), p95: took.quantile(0.95) },
      tools: entries
        .map(({ name, tool, failure, loads, failures: failed, lastLoadMs, calls }) => ({
          name,
          loaded: tool !== null,
          failing: failure !== null,
          loads,
          failures: failed,
          lastLoadMs,
          calls,
        }))
        .toSorted((a, b) => (b.lastLoadMs ?? -1) - (a.lastLoadMs ?? -1)),
    };
  }

  /** Unloads everything; what is still being loaded is disposed of when it arrives. */
  async dispose(): Promise<void> {
    this.#disposed = true;
    if (this.#idleTimer !== null) this.#clock.clearTimeout(this.#idleTimer);
    this.#idleTimer = null;
    const results = await Promise.allSettled([...this.#entries.values()].map((entry) => this.#unload(entry)));
    const errors = results.flatMap((result) => (result.status === "rejected" ? [result.reason as unknown] : []));
    if (errors.length > 0) throw new AggregateError(errors, "some tools could not be disposed of");
  }

  async #use<T>(entry: Entry, use: (loaded: LoadedTool) => Promise<T>): Promise<T> {
    if (this.#entries.get(entry.name) !== entry) throw toolUnknown(entry.name, this.names());
    entry.calls++;
    // From here on it must not be unloaded under the call's feet.
    entry.inUse++;
    try {
      return await use(await this.#toolOf(entry));
    } finally {
      entry.inUse--;
      if (this.#entries.get(entry.name) === entry) this.#used(entry);
      else if (entry.inUse === 0) await this.#unload(entry);
    }
  }

  async #load(entry: Entry, stop: AbortSignal): Promise<LoadedTool> {
    const began = this.#clock.monotonic();
    const took = (): number => this.#clock.monotonic() - began;
    let attempts = 0;
    try {
      const tool = await loadTool(entry, this.#policy, stop, (number) => {
        attempts = number;
        if (number > 1) this.#counts.retries++;
      });
      await this.#arrived(entry, tool, took(), attempts);
      return tool;
    } catch (error) {
      throw this.#failed(entry, error, stop, took(), attempts);
    }
  }

  async #arrived(entry: Entry, tool: LoadedTool, durationMs: number, attempts: number): Promise<void> {
    // Nobody would ever dispose of a tool that arrives after its loader or its registration is gone.
    if (this.#disposed || this.#entries.get(entry.name) !== entry) {
      await disposeTool(tool, entry.declaration);
      throw this.#disposed ? perfDisposed() : toolUnknown(entry.name, this.names());
    }
    // Everybody had left; whoever came after them has loaded it once more.
    if (entry.tool !== null) {
      await disposeTool(tool, entry.declaration);
      return;
    }
    entry.tool = tool;
    entry.failure = null;
    entry.loads++;
    entry.lastLoadMs = durationMs;
    this.#counts.took.record(durationMs);
    this.#used(entry);
    this.#tell({ name: entry.name, ok: true, durationMs, attempts });
  }

  #failed(entry: Entry, cause: unknown, stop: AbortSignal, durationMs: number, attempts: number): unknown {
    if (stop.aborted) return cause;
    const error = GraphTapError.isInstance(cause)
      ? cause
      : toolFailed(entry.name, attempts, cause, String((cause as Error | null)?.message ?? cause).slice(0, 200));
    entry.failures++;
    this.#counts.failures++;
    entry.failure = { error, until: this.#clock.monotonic() + this.#negativeTtlMs };
    this.#tell({ name: entry.name, ok: false, durationMs, attempts });
    return error;
  }

  /** Who listens must not be able to turn a load that went well into one that failed. */
  #tell(event: LoadEvent): void {
    try {
      this.#onLoad?.(event);
    } catch {
      this.#counts.listenersFailed++;
    }
  }

  #used(entry: Entry): void {
    entry.usedAt = this.#clock.monotonic();
    this.#watchIdle();
  }

  /** One timer for all tools, for the one that falls idle first; none while nothing can. */
  #watchIdle(): void {
    const idleMs = this.#idleMs;
    if (idleMs === null || this.#idleTimer !== null || this.#disposed) return;
    const candidates = [...this.#entries.values()].filter(({ tool, kept }) => tool !== null && !kept);
    if (candidates.length === 0) return;
    const first = Math.min(...candidates.map(({ usedAt }) => usedAt)) + idleMs;
    this.#idleTimer = this.#clock.setTimeout(
      () => {
        this.#idleTimer = null;
        this.#unloadIdle(idleMs);
        this.#watchIdle();
      },
      Math.max(1, first - this.#clock.monotonic()),
    );
  }

  #unloadIdle(idleMs: number): void {
    const now = this.#clock.monotonic();
    for (const entry of this.#entries.values()) {
      if (entry.tool === null || entry.kept || now - entry.usedAt < idleMs) continue;
      if (entry.inUse > 0) entry.usedAt = now;
      else this.#unload(entry).catch(() => undefined);
    }
  }

  async #unload(entry: Entry): Promise<boolean> {
    const { tool } = entry;
    if (tool === null) return false;
    entry.tool = null;
    this.#counts.unloads++;
    await disposeTool(tool, entry.declaration);
    return true;
  }
}
