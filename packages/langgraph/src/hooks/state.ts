import { defineHook } from "@graphtap/kernel";

/** Decoded channel values on their way out of or into a checkpointer. */
export interface StateValues {
  readonly threadId: string | null;
  readonly ns: string;
  readonly values: Readonly<Record<string, unknown>>;
}

export const state = Object.freeze({
  load: defineHook.waterfall<StateValues>("state.load", {
    doc: "Channel values read from a checkpoint (runs, getState, history).",
  }),
  save: defineHook.waterfall<StateValues>("state.save", {
    doc: "Channel values about to be written to a checkpoint (runs, updateState, writes).",
  }),
});
