export { type AuditErrorCode, errorCatalog } from "./errors.js";
export { verifyFolder as verifyAuditFolder } from "./file/folder.js";
export * from "./keys.js";
export { audit } from "./plugin.js";
