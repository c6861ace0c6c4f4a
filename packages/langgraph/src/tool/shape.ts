import { sameData, snapshot } from "@graphtap/values";
import { isInteropZodSchema } from "@langchain/core/utils/types";
import type { AnyTool, FrozenCall } from "./call.js";

/**
 * How a tool comes by its arguments. `langchain`: `invoke` and `call` are LangChain's own, which parse once and end in
 * `_call`. `runnable`: made by `asTool`, which parses the arguments of a ToolCall and takes bare ones as they are.
 * `own`: it has an `invoke` or `call` of its own, and may do anything with them.
 */
export type Shape = "langchain" | "runnable" | "own";

const KNOWN = new Set(["StructuredTool", "Tool", "DynamicTool", "DynamicStructuredTool"]);
const shapes = new WeakMap<object, Shape>();

export function shapeOf(tool: AnyTool): Shape {
  const known = shapes.get(tool);
  if (known !== undefined) return known;
  const langchain =
    typeof tool._call === "function" && KNOWN.has(ownerOf(tool, "invoke")) && KNOWN.has(ownerOf(tool, "call"));
  const shape = langchain ? "langchain" : isRunnableTool(tool) ? "runnable" : "own";
  shapes.set(tool, shape);
  return shape;
}

function isRunnableTool(tool: AnyTool): boolean {
  return ownerOf(tool, "invoke") === "RunnableBinding" && lcName(tool) === "RunnableToolLike";
}

function lcName(tool: object): unknown {
  const made = tool.constructor as { lc_name?: () => unknown };
  return typeof made.lc_name === "function" ? made.lc_name() : made.constructor.name;
}

/** The class that a method comes from; empty where the object itself has it, for somebody put it there. */
function ownerOf(tool: object, method: string): string {
  for (let at: object | null = tool; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    if (Object.hasOwn(at, method)) return at === tool ? "" : at.constructor.name;
  }
  return "";
}

/** Stands in for the tool's schema: the arguments were parsed when they were judged, and exactly that is handed on. */
function parsedSchema(parsed: unknown): object {
  const success = { success: true, data: parsed };
  return {
    _def: { typeName: "ZodAny" },
    parse: () => parsed,
    parseAsync: () => Promise.resolve(parsed),
    safeParse: () => success,
    safeParseAsync: () => Promise.resolve(success),
  };
}

/** What hears of a tool's own body: `runs` right before it, `changed` instead of it when its arguments were changed. */
export interface Body {
  runs(): void;
  changed(reason: string): Error;
}

/** A tool object for one execution, and what its `invoke` is to be given. */
export interface Handed {
  readonly tool: AnyTool;
  readonly args: unknown;
  /** Hand the arguments on bare, whatever form the call had. */
  readonly bare: boolean;
}

/** The judged call, ready to run: only what was judged reaches the tool, in a copy that nobody else holds. */
export function handed(tool: AnyTool, call: FrozenCall, body: Body): Handed {
  const shape = shapeOf(tool);
  if (shape === "langchain") return { tool: bound(tool, call, body), args: snapshot(call.raw).value, bare: false };
  body.runs();
  // Bare, because `asTool` parses a ToolCall once more, and takes bare arguments as they are.
  if (shape === "runnable") return { tool, args: snapshot(call.parsed).value, bare: true };
  return { tool, args: snapshot(call.raw).value, bare: false };
}

/**
 * LangChain's tool with the judged arguments instead of a second parse, and a `_call` that compares once more. A JSON
 * schema stays: it only validates, and what it accepts it hands on as it is.
 */
function bound(tool: AnyTool, call: FrozenCall, body: Body): AnyTool {
  const own: PropertyDescriptorMap = {
    _call: {
      value: (parsed: unknown, runManager: unknown, config: unknown): unknown => {
        if (!sameData(parsed, call.parsed)) throw body.changed("the arguments at _call are not the judged ones");
        body.runs();
        return tool._call?.(parsed, runManager, config);
      },
    },
  };
  if (isInteropZodSchema(tool.schema)) own["schema"] = { value: parsedSchema(snapshot(call.parsed).value) };
  return Object.create(tool, own) as AnyTool;
}

/** LangChain's tool for arguments that its schema refused: it may say so, it may not run. */
export function sealed(tool: AnyTool, body: Body): AnyTool {
  return Object.create(tool, {
    _call: {
      value: () => {
        throw body.changed("the schema refused these arguments when they were judged");
      },
    },
  }) as AnyTool;
}
