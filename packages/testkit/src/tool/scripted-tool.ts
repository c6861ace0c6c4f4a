import type { CallbackManagerForToolRun } from "@langchain/core/callbacks/manager";
import { StructuredTool, type ToolRunnableConfig } from "@langchain/core/tools";
import type { InteropZodObject } from "@langchain/core/utils/types";
import { z } from "zod";
import { type ClockLike, delay, realClock } from "../clock/wait.js";
import { type BoundedLog, createLog } from "../log.js";

/** One execution of a scripted tool. */
export interface ToolCallRecord<Args> {
  /** As the tool received them: parsed by its schema. */
  readonly args: Args;
  readonly config: ToolRunnableConfig | undefined;
  /** Epoch milliseconds of the tool's clock. */
  readonly at: number;
  /** Number of the call, from 0. */
  readonly index: number;
}

/** Computes a result; what it throws, and an Error it returns, is thrown by the tool. */
export type ToolAnswer<Args, Result> = (
  args: Args,
  config: ToolRunnableConfig | undefined,
  index: number,
) => Result | Promise<Result>;

export interface ScriptedToolOptions<Schema> {
  /** Default: an object with any properties. */
  readonly schema?: Schema;
  /** Default: `Scripted tool <name>`. */
  readonly description?: string;
  /** Milliseconds before the result; an abort of the run ends the wait. Default 0. */
  readonly delayMs?: number;
  /** For `delayMs` and the records; default real time. */
  readonly clock?: ClockLike;
  /** How many calls are remembered; older ones are dropped. Default 10,000. */
  readonly keep?: number;
  readonly metadata?: Record<string, unknown>;
  readonly responseFormat?: "content" | "content_and_artifact";
  readonly returnDirect?: boolean;
}

const anything = z.looseObject({});

/** Output of a zod schema of either version; any properties otherwise. */
export type ArgsOf<Schema> = Schema extends { _output: infer Output }
  ? Output
  : Schema extends { _zod: { output: infer Output } }
    ? Output
    : Record<string, unknown>;

interface Parts {
  readonly answer: unknown;
  readonly delayMs: number;
  readonly clock: ClockLike;
  readonly log: BoundedLog<ToolCallRecord<unknown>>;
}

/**
 * A real tool with a scripted result. Made by `scriptedTool`.
 *
 * No member is private in the language's sense, so objects derived from it work like it and record into the same list.
 */
export class ScriptedTool<Schema extends InteropZodObject = typeof anything, Result = unknown> extends StructuredTool<
  Schema,
  ArgsOf<Schema>
> {
  static override lc_name(): string {
    return "ScriptedTool";
  }

  override name: string;
  override description: string;
  override schema: Schema;
  /** @internal */
  readonly parts: Parts;

  /** @internal */
  constructor(name: string, parts: Parts, schema: Schema, options: ScriptedToolOptions<Schema>) {
    super(options.metadata === undefined ? {} : { metadata: options.metadata });
    this.name = name;
    this.description = options.description ?? `Scripted tool ${name}`;
    this.schema = schema;
    this.parts = parts;
    if (options.responseFormat !== undefined) this.responseFormat = options.responseFormat;
    if (options.returnDirect !== undefined) this.returnDirect = options.returnDirect;
  }

  /** Every execution, oldest first. A call that a gate or the schema refused is not among them. */
  get calls(): readonly ToolCallRecord<ArgsOf<Schema>>[] {
    return this.parts.log.items as readonly ToolCallRecord<ArgsOf<Schema>>[];
  }

  /** How many executions there were, forgotten ones included. */
  get callCount(): number {
    return this.parts.log.total;
  }

  /** With its own name, which LangChain's callbacks learn of tools made by `tool`, but of no other class. */
  override toJSON(): ReturnType<StructuredTool["toJSON"]> {
    return Object.assign(super.toJSON(), { name: this.name });
  }

  protected override async _call(
    args: ArgsOf<Schema>,
    _runManager?: CallbackManagerForToolRun,
    config?: ToolRunnableConfig,
  ): Promise<Result> {
    const { answer, clock, delayMs, log } = this.parts;
    const index = log.total;
    log.add({ args, config, at: clock.now(), index });
    if (delayMs > 0) await delay(clock, delayMs, config?.signal);
    const result: unknown =
      typeof answer === "function" ? await (answer as ToolAnswer<ArgsOf<Schema>, Result>)(args, config, index) : answer;
    if (result instanceof Error) throw result;
    return result as Result;
  }
}

/**
 * A tool that answers a value, what a function computes, or throws an Error; Commands and ToolMessages are handed on.
 *
 * @example
 * const refund = scriptedTool("refund", ({ orderId }) => `refunded ${orderId}`, { schema: z.object({ orderId: z.string() }) });
 * refund.calls[0]?.args.orderId;
 */
export function scriptedTool<Schema extends InteropZodObject = typeof anything, Result = unknown>(
  name: string,
  answer: Result | Error | ToolAnswer<ArgsOf<Schema>, Result | Error>,
  options: ScriptedToolOptions<Schema> = {},
): ScriptedTool<Schema, Result> {
  const { clock = realClock, delayMs = 0, keep = 10_000 } = options;
  const schema = options.schema ?? (anything as unknown as Schema);
  return new ScriptedTool<Schema, Result>(name, { answer, clock, delayMs, log: createLog(keep) }, schema, options);
}
