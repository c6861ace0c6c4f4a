import { defineHook } from "@graphtap/kernel";
import type { EndFields, RunContext } from "./context.js";

/** One attempt of one node. */
export interface NodeRequest {
  readonly name: string;
  readonly input: unknown;
}
/** What a node returned: an update, a Command, an array of either; null for nothing. */
export type NodeResult = {} | null;
export interface NodeStart {
  readonly name: string;
}
export interface NodeEnd extends EndFields {
  readonly name: string;
}
export interface NodeError {
  readonly name: string;
  readonly error: unknown;
  readonly attempt: number;
}

export const node = Object.freeze({
  call: defineHook.around<NodeRequest, Promise<NodeResult>, RunContext>("node.call", {
    doc: "Each attempt of each node.",
  }),
  start: defineHook.series<NodeStart, RunContext>("node.start", { doc: "An attempt of a node begins." }),
  end: defineHook.series<NodeEnd, RunContext>("node.end", { doc: "An attempt of a node ended." }),
  error: defineHook.series<NodeError, RunContext>("node.error", { doc: "An attempt of a node failed." }),
});
