import type { RetrievedDocument } from "@graphtap/langgraph";
import { Annotation, type AnnotationRoot, MessagesAnnotation, type StateDefinition } from "@langchain/langgraph";
import type { Branches } from "./composite/branch.js";
import type { MemberOutcome } from "./keys.js";

/** What every composed workflow holds, as a workflow of `createWorkflow` does. */
const CONVERSATION = {
  messages: MessagesAnnotation.spec.messages,
  context: Annotation<readonly RetrievedDocument[]>({ reducer: (_old, found) => found, default: () => [] }),
};

/** Later outcomes replace those of the run before: a run writes them from the first member on. */
const joinOutcomes = (old: readonly MemberOutcome[], added: readonly MemberOutcome[]): readonly MemberOutcome[] => [
  ...old.filter(({ index }) => index < (added[0]?.index ?? Infinity)),
  ...added,
];

const OUTCOMES = Annotation<readonly MemberOutcome[]>({ reducer: joinOutcomes, default: () => [] });

/** Null: all of them were merged. */
const BRANCHES = Annotation<Branches, Branches | null>({
  reducer: (old, added) => (added === null ? {} : { ...old, ...added }),
  default: () => ({}),
});

/** The channel that parallel members leave their work in until it is merged; never part of an output. */
export const BRANCHES_CHANNEL = "composition_branches";

export type ConversationSpec = typeof CONVERSATION;
export type CompositeSpec = ConversationSpec & { readonly outcomes: typeof OUTCOMES };

/** More channels, as LangGraph's own `Annotation.Root` gives them. Structural: its own type does not fit itself. */
export interface StateRoot<Spec extends StateDefinition = StateDefinition> {
  readonly spec: Spec;
}

/** The three faces of a composed graph's state. */
export interface Schemas {
  readonly state: AnnotationRoot<StateDefinition>;
  readonly input: AnnotationRoot<StateDefinition>;
  readonly output: AnnotationRoot<StateDefinition>;
  /** Channels that members may share. */
  readonly channels: readonly string[];
}

/** Documents come from retrievers and outcomes from members, never from a caller. */
const GIVEN = new Set(["context", "outcomes"]);

/** Schemas of a conditional workflow. */
export function conditionalSchemas(more: StateRoot | undefined): Schemas {
  return schemasOf({ ...CONVERSATION, ...more?.spec }, {});
}

/** Schemas of a composite. */
export function compositeSchemas(more: StateRoot | undefined): Schemas {
  return schemasOf({ ...CONVERSATION, ...more?.spec, outcomes: OUTCOMES }, { [BRANCHES_CHANNEL]: BRANCHES });
}

function schemasOf(spec: StateDefinition, inner: StateDefinition): Schemas {
  const given = Object.fromEntries(Object.entries(spec).filter(([key]) => !GIVEN.has(key)));
  return {
    state: Annotation.Root({ ...spec, ...inner }),
    input: Annotation.Root(given),
    output: Annotation.Root(spec),
    channels: Object.keys(spec).filter((key) => key !== "outcomes"),
  };
}

/** Whether a channel joins what is written to it with what it holds. */
export const hasReducer = (channel: unknown): boolean =>
  typeof (channel as { operator?: unknown } | null)?.operator === "function";

/** Whether `state` is what `Annotation.Root` makes. Brand, not class: copies of LangGraph exist. */
export const isStateRoot = (value: unknown): value is StateRoot =>
  (value as { lc_graph_name?: unknown } | null)?.lc_graph_name === "AnnotationRoot" &&
  typeof (value as { spec?: unknown }).spec === "object";
