import { sameData, snapshot } from "@graphtap/values";
import { DynamicStructuredTool, DynamicTool, StructuredTool, Tool } from "@langchain/core/tools";
import { isInteropZodSchema } from "@langchain/core/utils/types";
import { inTool } from "../watch/handed.js";
import type { AnyTool, FrozenCall } from "./call.js";

/**
 * How a tool comes by its arguments. `langchain`: `invoke` and `call` are LangChain's own, which parse once and end in
 * `_call`. `runnable`: made by `asTool`, which parses the arguments of a ToolCall and takes bare ones as they are.
 * `own`: it has an `invoke` or `call` of its own, and may do anything with them.
 */
export type Shape = "langchain" | "runnable" | "own";

/** LangChain's classes of tools, of this copy of it. */
const OURS = new Set<object>([StructuredTool, Tool, DynamicTool, DynamicStructuredTool].map((c) => c.prototype));
/** And of another copy, where only names tell them: each with the class that it extends. */
const THEIRS: Readonly<Record<string, string>> = {
  StructuredTool: "BaseLangChain",
  Tool: "StructuredTool",
  DynamicTool: "Tool",
  DynamicStructuredTool: "StructuredTool",
};
const shapes = new WeakMap<object, Shape>();

export function shapeOf(tool: AnyTool): Shape {
  const known = shapes.get(tool);
  if (known !== undefined) return known;
  const langchain =
    typeof tool._call === "function" && isLangChain(ownerOf(tool, "invoke")) && isLangChain(ownerOf(tool, "call"));
  const shape = langchain ? "langchain" : isRunnableTool(tool) ? "runnable" : "own";
  shapes.set(tool, shape);
  return shape;
}

function isRunnableTool(tool: AnyTool): boolean {
  return ownerOf(tool, "invoke")?.constructor.name === "RunnableBinding" && lcName(tool) === "RunnableToolLike";
}

function lcName(tool: object): unknown {
  const made = tool.constructor as { lc_name?: () => unknown };
  return typeof made.lc_name === "function" ? made.lc_name() : made.constructor.name;
}

/**
 * The prototype that a method comes from; null where the object itself has it, for somebody put it there, and where a
 * Proxy answers with another one.
 */
function ownerOf(tool: object, method: "invoke" | "call"): object | null {
  for (let at: object | null = tool; at !== null; at = Object.getPrototypeOf(at) as object | null) {
    if (Object.hasOwn(at, method))
      return at !== tool && (at as AnyTool)[method] === (tool as AnyTool)[method] ? at : null;
  }
  return null;
}

/** Anybody may call a class `DynamicTool` and give it an `invoke`: the name alone is no proof. */
function isLangChain(owner: object | null): boolean {
  if (owner === null) return false;
  if (OURS.has(owner)) return true;
  if (StructuredTool.prototype.isPrototypeOf(owner)) return false;
  let above: object | null = owner;
  for (let name: string | undefined = owner.constructor.name; name !== "BaseLangChain";) {
    const expected: string | undefined = name === undefined ? undefined : THEIRS[name];
    above = above === null ? null : (Object.getPrototypeOf(above) as object | null);
    if (expected === undefined || above?.constructor.name !== expected) return false;
    name = expected;
  }
  return true;
}

/** Stands in for the tool's schema: the arguments were parsed when they were judged, and exactly that is handed on. */
class ParsedSchema {
  constructor(readonly parsed: unknown) {}
  get _def(): object {
    return ANY;
  }
  parse(): unknown {
    return this.parsed;
  }
  parseAsync(): Promise<unknown> {
    return Promise.resolve(this.parsed);
  }
  safeParse(): object {
    return { success: true, data: this.parsed };
  }
  safeParseAsync(): Promise<object> {
    return Promise.resolve(this.safeParse());
  }
}
const ANY = { typeName: "ZodAny" };

/** The judged call whose arguments a body was given. */
export interface Handover {
  readonly call: Pick<FrozenCall, "name" | "parsed">;
  readonly parsed: unknown;
}

/** What hears of a tool's own body: `runs` right before it, `changed` instead of it when its arguments were changed. */
export interface Body {
  runs(): void;
  runs<T>(code: () => T, given?: Handover): T;
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

const EXECUTION = Symbol("execution");

/** A tool object for one execution, as its form sees it. */
interface Bound {
  [EXECUTION]: { readonly call: FrozenCall; readonly body: Body; readonly schema: ParsedSchema | null };
}

const forms = new WeakMap<object, object>();

/**
 * LangChain's tool with the judged arguments instead of a second parse, and a `_call` that compares once more. A JSON
 * schema stays: it only validates, and what it accepts it hands on as it is. One per tool; an execution derives from it.
 */
function formOf(tool: AnyTool): object {
  let form = forms.get(tool);
  if (form !== undefined) return form;
  form = Object.create(tool, {
    _call: {
      value(this: Bound, parsed: unknown, runManager: unknown, config: unknown): unknown {
        const { call, body } = this[EXECUTION];
        if (!sameData(parsed, call.parsed)) throw body.changed("the arguments at _call are not the judged ones");
        return body.runs(() => tool._call?.(parsed, runManager, inTool(config)), { call, parsed });
      },
    },
    schema: {
      get(this: Bound): unknown {
        return this[EXECUTION].schema ?? tool.schema;
      },
    },
  }) as object;
  forms.set(tool, form);
  return form;
}

function bound(tool: AnyTool, call: FrozenCall, body: Body): AnyTool {
  const schema = isInteropZodSchema(tool.schema) ? new ParsedSchema(snapshot(call.parsed).value) : null;
  const made = Object.create(formOf(tool)) as AnyTool & Bound;
  made[EXECUTION] = { call, body, schema };
  return made;
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

/** A tool for arguments that nobody reads: it parses them itself, and its code is watched like any other's. */
export function unread(tool: AnyTool, body: Body): AnyTool {
  if (shapeOf(tool) !== "langchain") {
    body.runs();
    return tool;
  }
  return Object.create(tool, {
    _call: {
      value: (parsed: unknown, runManager: unknown, config: unknown) =>
        body.runs(() => tool._call?.(parsed, runManager, inTool(config)), {
          call: { name: tool.name, parsed },
          parsed,
        }),
    },
  }) as AnyTool;
}
