import type { RunRecord } from "./record.js";

/** Which runs a question is about. Undefined means all. */
export interface Filter {
  readonly userId?: string | undefined;
  /** Null: runs of principals without a tenant. */
  readonly tenantId?: string | null | undefined;
  readonly workflowType?: string | undefined;
}

/** The records of runs that started at `since` (epoch milliseconds) or later and pass the filter. */
export function* within(records: Iterable<RunRecord>, since: number, filter: Filter): Generator<RunRecord> {
  const { userId, tenantId, workflowType } = filter;
  for (const record of records) {
    if (record.startedAt < since) continue;
    if (userId !== undefined && record.userId !== userId) continue;
    if (tenantId !== undefined && record.tenantId !== tenantId) continue;
    if (workflowType !== undefined && record.workflow !== workflowType) continue;
    yield record;
  }
}
