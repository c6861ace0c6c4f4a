import { audit } from "@graphtap/audit";
import { dashboard } from "@graphtap/dashboard";
import { metrics } from "@graphtap/metrics";
import { security } from "@graphtap/security";

type OptionsOf<F extends (...args: never[]) => unknown> = Exclude<Parameters<F>[0], undefined>;

/** Options of {@link observeOnly}. */
export interface ObserveOnlyOptions {
  /** Options of `metrics()`. */
  readonly metrics?: OptionsOf<typeof metrics>;
  /** Options of `audit()`. */
  readonly audit?: OptionsOf<typeof audit>;
}

/** Options of {@link development}. */
export interface DevelopmentOptions extends ObserveOnlyOptions {
  /** Options of `security()`. */
  readonly security?: OptionsOf<typeof security>;
}

/**
 * Metrics, security, audit and dashboards for a developer's machine: everything is kept in memory and gone with the process. Security is the same as
 * anywhere else: a tool that was not granted is denied.
 *
 * @example
 * createStack({ plugins: [...development({ security: { tools: { search: { level: "read" } } } }), quietHours()] });
 */
export function development(options: DevelopmentOptions = {}) {
  return [metrics(options.metrics), security(options.security), audit(options.audit), dashboard()] as const;
}

/**
 * Metrics, audit and dashboards, which see and change nothing, for the first week beside a system that runs. Nothing is enforced:
 * `npx graphtap doctor` says so.
 *
 * @example
 * createStack({ plugins: [...observeOnly()] });
 */
export function observeOnly(options: ObserveOnlyOptions = {}) {
  return [metrics(options.metrics), audit(options.audit), dashboard()] as const;
}
