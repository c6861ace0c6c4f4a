import { hash, deepFreeze, snapshot } from "@graphtap/values";
import { isInteropZodSchema } from "@langchain/core/utils/types";
import type { ToolCall, ToolInfo } from "../hooks/tool.js";
import { parseWith } from "./parse.js";
import { shapeOf } from "./shape.js";

/** The parts of a LangChain tool that the gate needs. Duck-typed: two copies of LangChain may be loaded. */
export interface AnyTool {
  readonly name: string;
  readonly description?: string;
  readonly schema?: unknown;
  readonly metadata?: Record<string, unknown>;
  invoke(input: unknown, config?: unknown): Promise<unknown>;
  call?(input: unknown, config?: unknown, tags?: string[]): Promise<unknown>;
  _call?(parsed: unknown, runManager?: unknown, config?: unknown): unknown;
}

type Metadata = Readonly<Record<string, unknown>>;

interface Known {
  readonly info: ToolInfo;
  /** What the tool's metadata were when they were read. */
  readonly read: Metadata;
}

const infos = new WeakMap<object, Known>();

const sameEntries = (a: Metadata, b: Metadata): boolean => {
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length && keys.every((key) => a[key] === b[key]);
};

/** A copy that no tap can change for the calls to come. What is no plain data stays the tool's own. */
function frozenCopy(metadata: Metadata): Metadata {
  try {
    return deepFreeze(snapshot(metadata).value);
  } catch {
    return Object.freeze({ ...metadata });
  }
}

/** What taps may know of a tool; one frozen object per tool, as long as the tool says the same of itself. */
export function toolInfo(tool: AnyTool): ToolInfo {
  const known = infos.get(tool);
  const { name, metadata = {} } = tool;
  // A host may rename a tool, or declare that it needs more: it is judged by what it says now.
  if (known !== undefined && known.info.name === name && sameEntries(known.read, metadata)) return known.info;
  const info = Object.freeze({ name, description: tool.description ?? "", metadata: frozenCopy({ ...metadata }) });
  infos.set(tool, { info, read: { ...metadata } });
  return info;
}

/** The frozen call that taps judge. A class so that the hash is made only if somebody asks for it. */
export class FrozenCall implements ToolCall {
  #hash: string | null | undefined;
  readonly name: string;
  readonly executionId: string;
  readonly callId: string | null;
  readonly tool: ToolInfo;
  readonly raw: unknown;
  readonly parsed: unknown;
  readonly route: ToolCall["route"];

  constructor(fields: Omit<ToolCall, "argsHash">) {
    this.name = fields.name;
    this.executionId = fields.executionId;
    this.callId = fields.callId;
    this.tool = fields.tool;
    this.raw = fields.raw;
    this.parsed = fields.parsed;
    this.route = fields.route;
    Object.freeze(this);
  }

  get argsHash(): string | null {
    if (this.#hash === undefined) {
      try {
        this.#hash = hash(this.parsed);
      } catch {
        this.#hash = null;
      }
    }
    return this.#hash;
  }
}

/** Arguments read once and parsed once: what is judged, and nothing else, is what runs. */
export type Parsed =
  | { readonly ok: true; readonly raw: unknown; readonly parsed: unknown }
  /** `unreadable`: the data itself; `invalid`: the tool's schema refuses it. */
  | { readonly ok: false; readonly kind: "unreadable" | "invalid"; readonly raw: unknown; readonly error: unknown };

/** How the arguments came, and how sure one has to be of them. */
export interface Reading {
  /** In a ToolCall, or as they are. */
  readonly form: "call" | "bare";
  /** Somebody judges them: what cannot be frozen cannot be judged. */
  readonly strict: boolean;
}

/** A part of them is no plain data: it could change after it was judged. */
const UNREADABLE: Parsed = Object.freeze({
  ok: false,
  kind: "unreadable",
  raw: undefined,
  error: new Error("no plain data"),
});

/** What of an object can be frozen; the rest did not get past the schema, so the tool never sees it. */
const plainPart = (raw: unknown): unknown =>
  Object.fromEntries(Object.entries(raw as object).filter(([, value]) => snapshot(value).opaque.length === 0));

/**
 * Reads the arguments once (a getter cannot answer differently later), parses a copy with the tool's own schema and
 * freezes both. A promise only where the schema needs one.
 */
export function parseArguments(tool: AnyTool, args: unknown, { form, strict }: Reading): Parsed | Promise<Parsed> {
  let raw: unknown;
  let live = false;
  try {
    const read = snapshot(args);
    live = strict && read.opaque.length > 0;
    // A tool that is a node is given the whole state; of that, LangChain hands on what its schema makes of it.
    if (live && !(form === "bare" && shapeOf(tool) === "langchain" && isInteropZodSchema(tool.schema)))
      return UNREADABLE;
    raw = read.value;
  } catch (error) {
    return { ok: false, kind: "unreadable", raw: undefined, error };
  }
  const invalid = (error: unknown): Parsed => ({ ok: false, kind: "invalid", raw: deepFreeze(raw), error });
  const valid = (parsed: unknown): Parsed => {
    const { opaque } = live ? snapshot(parsed) : { opaque: [] };
    if (opaque.length > 0) return UNREADABLE;
    return { ok: true, raw: deepFreeze(live ? plainPart(raw) : raw), parsed: deepFreeze(parsed) };
  };
  try {
    // `asTool` takes bare arguments without a parse: what its schema would make of them never runs.
    const parsed = form === "bare" && shapeOf(tool) === "runnable" ? snapshot(raw).value : parseWith(tool.schema, raw);
    return parsed instanceof Promise ? parsed.then(valid, invalid) : valid(parsed);
  } catch (error) {
    return invalid(error);
  }
}
