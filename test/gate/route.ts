import { AIMessage, type BaseMessage } from "@langchain/core/messages";
import type { Bench, Callable } from "./bench.js";
import { TARGET } from "./bench.js";
import { TOOL, type ToolKind } from "./tools.js";

/** What a route works with: the host's tool, its governed form, and the arguments that reach it. */
export interface Kit {
  readonly bench: Bench;
  readonly raw: Callable;
  readonly tool: Callable;
  readonly args: Record<string, unknown>;
  readonly bare: unknown;
  toolCall(id?: string): { type: "tool_call"; name: string; args: unknown; id: string };
}

/** One way to reach the target. */
export interface Route {
  readonly name: string;
  /** A denial arrives as a ToolMessage, or as a DeniedError where there is no message. */
  readonly denial: "message" | "error";
  /** How often the target is called; default 1. */
  readonly calls?: number;
  /** Its model is out of reach of the stack: where a plugin controls models, it is refused before it asks for anything. */
  readonly closedOver?: true;
  /** The target is called by a governed tool, which a run without identity does not reach either. */
  readonly nested?: true;
  /** What came out: messages, a result, a final state. What it throws is the outcome of an error route. */
  run(kit: Kit): Promise<unknown>;
}

export function kitOf(bench: Bench, kind: ToolKind = TOOL): Kit {
  const raw = kind.make(bench.ran);
  return {
    bench,
    raw,
    tool: bench.stack.wrapTool(raw),
    args: kind.args,
    bare: kind.bare ?? kind.args,
    toolCall: (id = "c1") => ({ type: "tool_call", name: TARGET, args: kind.args, id }),
  };
}

/** A model's message with calls of the target, as anybody can write one. */
export function asks(args: unknown, ...ids: string[]): AIMessage {
  const calls = (ids.length === 0 ? ["c1"] : ids).map((id) => ({
    type: "tool_call" as const,
    name: TARGET,
    args: args as Record<string, unknown>,
    id,
  }));
  return new AIMessage({ content: "", tool_calls: calls });
}

export interface Messages {
  messages: BaseMessage[];
}
