export { type ContentErrorCode, errorCatalog } from "./errors.js";
export {
  Content,
  type ContentAction,
  type ContentCount,
  type ContentFilter,
  type ContentFlagged,
  contentHooks,
  type ContentKind,
  type ContentPlace,
  type ContentStats,
  type ContentStatsQuery,
  type ContentSystemPanel,
  type ContentTrigger,
  type ContentUserPanel,
  type Finding,
  type Findings,
  type Masked,
  type ScanOptions,
} from "./keys.js";
export { content } from "./plugin.js";
