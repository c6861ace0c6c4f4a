// The whole stack and the first-party plugins: an application needs one import. A plugin package imports
// @graphtap/langgraph alone, so that whoever installs it does not get every plugin along.
export * from "@graphtap/audit";
export * from "@graphtap/composition";
export * from "@graphtap/content";
export * from "@graphtap/dashboard";
export * from "@graphtap/langgraph";
export * from "@graphtap/metrics";
export * from "@graphtap/performance";
export * from "@graphtap/security";
// The binding has hooks of this name in its group `hooks`.
export { dashboard } from "@graphtap/dashboard";
export type { CatalogEntry } from "@graphtap/kernel";
// Named here, it wins over those of the packages above: each package exports the catalogue of its own codes.
export { errorCatalog, type UmbrellaErrorCode } from "./errors.js";
export { consoleLogger, type ConsoleLoggerOptions, type LogThreshold } from "./logger.js";
export { development, type DevelopmentOptions, observeOnly, type ObserveOnlyOptions } from "./presets.js";
