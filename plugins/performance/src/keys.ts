import { defineHook, defineService } from "@graphtap/kernel";
import type { CacheEvent, WorkflowCache } from "./cache.js";
import type { CacheStats } from "./cache-stats.js";
import type { CompressionStats } from "./compression-stats.js";
import type { Compressed, StateCompressor } from "./compressor.js";
import type { MemoryStats } from "./memory.js";
import type { LazyToolLoader, LoadEvent } from "./tool-loader.js";
import type { LoaderStats } from "./tool-stats.js";
import type { UserCompression } from "./user-figures.js";

/** The figures of all parts. */
export interface PerfStats {
  readonly workflows: CacheStats;
  readonly tools: LoaderStats;
  /** Null while conversations are not compressed. */
  readonly compression: CompressionStats | null;
  readonly memory: MemoryStats;
}

/** What the plugin provides. */
export interface PerfService {
  /** Compiled graphs; `stack.createWorkflow` goes through it by itself. */
  readonly workflows: WorkflowCache;
  readonly tools: LazyToolLoader;
  /** Null without the option `compression`. */
  readonly compressor: StateCompressor | null;
  stats(): PerfStats;
}

/** The cache, the tool loader and the compressor of a stack. */
export const Perf = defineService<PerfService>()("performance");

type Of<T extends CacheEvent["type"]> = Omit<Extract<CacheEvent, { type: T }>, "type">;

/** What this plugin tells. Nobody is waited for. */
export const perfHooks = Object.freeze({
  hit: defineHook.series<Of<"hit">>("cache.hit", { doc: "A compiled graph was answered from the cache." }),
  miss: defineHook.series<Of<"miss">>("cache.miss", { doc: "A compiled graph was not in the cache, or too old." }),
  built: defineHook.series<Of<"built">>("cache.built", { doc: "A graph was compiled for the cache." }),
  bypassed: defineHook.series<Of<"bypassed">>("cache.bypassed", {
    doc: "A specification has no safe key: it was built, and not cached.",
  }),
  evicted: defineHook.series<Of<"evicted">>("cache.evicted", { doc: "A compiled graph left the cache." }),
  loaded: defineHook.series<LoadEvent>("performance.loaded", { doc: "A lazy tool was loaded, or could not be." }),
  compressed: defineHook.series<Omit<Compressed, "messages" | "changed">>("performance.compressed", {
    doc: "A conversation was brought under its token budget before a model call.",
  }),
});

/** The panel of one user, version 1: caches and tools are nobody's own. */
export interface PerfUserPanel {
  /** Since the start; null while conversations are not compressed, and where it is not known any more. */
  readonly compression: UserCompression | null;
}

/** The system panel, version 1. */
export interface PerfSystemPanel {
  readonly cache: CacheStats;
  readonly tools: LoaderStats;
  readonly compression: CompressionStats | null;
  readonly memory: MemoryStats;
}
