export {
  type CacheEvent,
  type EntryOptions,
  WorkflowCache,
  type WorkflowCacheOptions,
  type WorkflowRecipe,
} from "./cache.js";
export type { CacheStats, EvictionCause } from "./cache-stats.js";
export type { CompressionStats } from "./compression-stats.js";
export { type Compressed, type CompressorOptions, type CompressRequest, StateCompressor } from "./compressor.js";
export { errorCatalog, type PerfErrorCode } from "./errors.js";
export { type BypassReason, cacheKey } from "./key.js";
export { Perf, perfHooks, type PerfService, type PerfStats, type PerfSystemPanel, type PerfUserPanel } from "./keys.js";
export type { MemorySample, MemoryStats, MemoryWindow } from "./memory.js";
export { perf } from "./plugin.js";
export { stateUpdate } from "./state-update.js";
export { summarizeWith, type SummaryModel } from "./summarize-with.js";
export type { Summarizer, SummaryFailure, SummaryRequest } from "./summarize.js";
export { approximateTokens, type TextCounter } from "./tokens.js";
export { LazyToolLoader, type LazyToolLoaderOptions, type LoadEvent } from "./tool-loader.js";
export type { LazyTool, LoadedTool, LoadedTools, ToolDeclaration, ToolFactory } from "./tool-source.js";
export type { LoaderStats, ToolLoadStats } from "./tool-stats.js";
export type { UserCompression } from "./user-figures.js";
