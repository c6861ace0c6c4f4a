import type { Clock } from "@graphtap/kernel";
import type { RunContext, Workflows } from "@graphtap/langgraph";
import type { MemberEnd, MergeReport, Selection } from "./keys.js";
import type { CompositionLimits } from "./options.js";

/** What composed workflows need of the plugin around them. */
export interface Composing {
  readonly workflows: Workflows;
  readonly clock: Clock;
  readonly limits: CompositionLimits;
  /** Told of each decision; keeps it with the run. */
  selected(selection: Selection, run: RunContext | null): Promise<void>;
  ended(end: MemberEnd, run: RunContext | null): Promise<void>;
  merged(report: MergeReport, run: RunContext | null): Promise<void>;
}
