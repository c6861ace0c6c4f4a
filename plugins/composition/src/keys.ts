import { defineHook, defineService, type RunKey, runKey } from "@graphtap/kernel";
import type { RunContext } from "@graphtap/langgraph";
import type { AdvancedWorkflowManager } from "./manager.js";

/** Conditional and composite workflows of a stack. */
export const Composition = defineService<AdvancedWorkflowManager>()("composition");

/** Where a value that a rule reads came from. `caller`: told by whoever calls, believed only where it was declared. */
export type ContextSource = "principal" | "facts" | "context" | "caller" | "missing";

/** What a run chose, and by which rule. */
export interface Selection {
  /** Name of the conditional workflow, or of the composite with strategy `conditional`. */
  readonly workflow: string;
  /** The rule that held; null: none did, and the default was taken. */
  readonly rule: string | null;
  /** Name of the chosen workflow or member. */
  readonly use: string;
  /** Epoch milliseconds. */
  readonly at: number;
  /** Where each key came from that the rules read; names only. */
  readonly sources: Readonly<Record<string, ContextSource>>;
}

/** `fallback`: it failed, and its fallback answered. `cancelled`: something beside or around it ended it. */
export type MemberStatus = "ok" | "error" | "skipped" | "fallback" | "cancelled";

/** How one member of a composite ended; plain data. */
export interface MemberOutcome {
  /** Place in the declared order, from 0. */
  readonly index: number;
  readonly member: string;
  readonly status: MemberStatus;
  /** What it failed with; also where a fallback answered. */
  readonly error: { readonly code: string | null; readonly name: string; readonly message: string } | null;
  /** Milliseconds; null when it did not begin. */
  readonly durationMs: number | null;
  /** The members of a member that is a composite itself. */
  readonly members: readonly MemberOutcome[] | null;
}

/** What an observer of members gets. */
export interface MemberEnd extends MemberOutcome {
  readonly workflow: string;
}

/** Members changed one channel in different ways, and the declared merge decided. */
export interface MergeReport {
  readonly workflow: string;
  readonly channel: string;
  /** All that changed it, in declared order. */
  readonly members: readonly string[];
  /** Whose value was kept; null for a merge that takes from all. */
  readonly kept: string | null;
}

/** What this plugin tells. */
export const compositionHooks = Object.freeze({
  selected: defineHook.series<Selection, RunContext | null>("composition.selected", {
    doc: "A run chose a workflow by its rules.",
  }),
  member: defineHook.series<MemberEnd, RunContext | null>("composition.member", {
    doc: "A member of a composite ended, was left out, or was cancelled.",
  }),
  merged: defineHook.series<MergeReport, RunContext | null>("composition.merged", {
    doc: "Members that ran side by side disagreed, and a declared merge decided.",
  }),
});

/** What the run at hand chose so far, the newest 100 in order: `run.data.get(Selections)`. */
export const Selections: RunKey<readonly Selection[]> = runKey<readonly Selection[]>("composition.selections");

/** How often something was chosen or ended. */
export interface SelectionCount {
  readonly workflow: string;
  /** Null: the default. */
  readonly rule: string | null;
  readonly use: string;
  readonly count: number;
}
export interface MemberCount {
  readonly workflow: string;
  readonly member: string;
  readonly ok: number;
  readonly error: number;
  readonly skipped: number;
  readonly fallback: number;
  readonly cancelled: number;
}

/** Data of the system panel. */
export interface CompositionSystemPanel {
  readonly selections: readonly SelectionCount[];
  readonly members: readonly MemberCount[];
  /** What was not counted apart, because there are too many names. */
  readonly uncounted: number;
}
