import type { CompiledCondition, CompiledRules, Condition } from "@graphtap/values";
import type { StateDefinition } from "@langchain/langgraph";
import type { ComposedConfig, MemberSpec } from "../members/config.js";
import type { AnyGraph } from "../members/graph.js";
import type { Member, Passages } from "../members/member.js";
import type { Schemas } from "../state.js";
import type { Merge } from "./merge.js";

/** What a member runs: a compiled graph, the parts of a workflow, or another composite. */
export type CompositeWork = AnyGraph | MemberSpec | CompositeWorkflowConfig;

/** One member of a composite, with what is asked of it. */
export interface CompositeMember extends Passages {
  /** Its node's name, unique. Default: the graph's, or `member_1` by its place. */
  readonly name?: string | undefined;
  readonly workflow: CompositeWork;
  /** Runs only where this holds; else it is left out. For strategy `conditional`: what chooses it. */
  readonly when?: Condition | undefined;
  /** Milliseconds; then it is aborted and has failed. */
  readonly timeoutMs?: number | undefined;
  /** Default: the composite's. */
  readonly onError?: "failFast" | "continue" | undefined;
  /** Runs instead when it has failed. */
  readonly fallback?: CompositeWork | undefined;
}

/** Several workflows as one. */
export interface CompositeWorkflowConfig<Spec extends StateDefinition = StateDefinition> extends ComposedConfig<Spec> {
  /** In the order that counts: for running one after the other, and for merging. */
  readonly workflows: readonly (CompositeWork | CompositeMember)[];
  /** `conditional` runs the first member whose `when` holds, or the one without. Default `sequential`. */
  readonly executionStrategy?: "sequential" | "parallel" | "conditional" | undefined;
  /** How changes of members that ran side by side come together, by channel. Defaults: `messages`, documents united, lists appended, and for the rest: no two may disagree. */
  readonly merges?: Readonly<Record<string, Merge>> | undefined;
  /** `failFast` (default): the first failure ends the composite and aborts what runs beside it. `continue`: it is noted. */
  readonly onError?: "failFast" | "continue" | undefined;
  /** Milliseconds for all members together, per run. Default: the plugin's; none. */
  readonly timeoutMs?: number | undefined;
  /** Milliseconds for each member. Default: the plugin's; none. */
  readonly memberTimeoutMs?: number | undefined;
  /** Members at once, for strategy `parallel`. Default: the plugin's, 16. */
  readonly maxConcurrency?: number | undefined;
}

/** A member that was found right. */
export interface ReadyMember {
  readonly index: number;
  readonly name: string;
  readonly member: Member;
  readonly fallback: Member | null;
  readonly when: CompiledCondition | null;
  readonly timeoutMs: number | null;
  readonly failsAlone: boolean;
}

/** A composite that was found right. */
export interface ReadyComposite {
  readonly name: string;
  readonly description: string | undefined;
  readonly strategy: "sequential" | "parallel" | "conditional";
  readonly members: readonly ReadyMember[];
  /** Strategy `conditional`: who is chosen. */
  readonly rules: CompiledRules | null;
  readonly merges: Readonly<Record<string, Merge>>;
  readonly timeoutMs: number | null;
  readonly maxConcurrency: number;
  readonly facts: ComposedConfig;
  readonly schemas: Schemas;
  readonly remembers: boolean;
  readonly checkpointer: unknown;
  readonly store: unknown;
}
