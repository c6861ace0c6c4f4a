import { mergeConflict } from "../errors.js";
import { hasReducer, type Schemas } from "../state.js";
import { isMessages } from "./delta.js";
import { merge, type Merge, type MergeRule } from "./merge.js";

type Values = Readonly<Record<string, unknown>>;

/** What one member changed, as whole values. */
export interface Work {
  readonly member: string;
  readonly changes: Values;
}

/** Members that disagreed on a channel, and what the declared merge did. */
export interface Disagreement {
  readonly channel: string;
  readonly members: readonly string[];
  readonly kept: string | null;
}

/** How changes of a channel come together where nothing was declared. */
function defaultRule(channel: string, schemas: Schemas, values: readonly unknown[]): MergeRule {
  if (channel === "messages" || (values.every(isMessages) && values.some((list) => (list as unknown[]).length > 0)))
    return "messages";
  if (channel === "context") return "union";
  return hasReducer(schemas.state.spec[channel]) ? "append" : "only";
}

/**
 * The update that makes of the state what its members made of it, in declared order.
 *
 * @throws GraphTapError MERGE_CONFLICT
 */
export function updateOf(
  workflow: string,
  schemas: Schemas,
  merges: Readonly<Record<string, Merge>>,
  before: Values,
  work: readonly Work[],
): { readonly update: Values; readonly disagreements: readonly Disagreement[] } {
  const update: Record<string, unknown> = {};
  const disagreements: Disagreement[] = [];
  for (const channel of schemas.channels) {
    const changed = work.filter(({ changes }) => Object.hasOwn(changes, channel));
    if (changed.length === 0) continue;
    const changes = changed.map(({ member, changes: all }) => ({ member, value: all[channel] }));
    const declared = Object.hasOwn(merges, channel) ? merges[channel] : undefined;
    const rule =
      declared ??
      defaultRule(
        channel,
        schemas,
        changes.map(({ value }) => value),
      );
    const merged = merge(rule, { channel, before: before[channel], changes });
    const members = changed.map(({ member }) => member);
    if ("conflict" in merged) throw mergeConflict(workflow, channel, members, merged.conflict);
    update[channel] = merged.update;
    if (merged.disagreed) disagreements.push({ channel, members, kept: merged.kept });
  }
  return { update, disagreements };
}
