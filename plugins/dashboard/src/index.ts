export { type DashboardErrorCode, errorCatalog } from "./errors.js";
export {
  type HealthAnswer,
  type HealthComponent,
  type HealthGate,
  type HealthScore,
  healthScore,
  type HealthStatus,
} from "./health/score.js";
export * from "./keys.js";
export { dashboard } from "./plugin.js";
