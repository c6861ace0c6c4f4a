import { ToolMessage } from "@langchain/core/messages";
import { RunnableLambda } from "@langchain/core/runnables";
import { DynamicTool, StructuredTool, tool } from "@langchain/core/tools";
import { Command } from "@langchain/langgraph";
import { z } from "zod";
import { type Callable, TARGET } from "./bench.js";

/** One way to make the target; every execution is pushed to `ran`. */
export interface ToolKind {
  readonly name: string;
  readonly args: Record<string, unknown>;
  /** What a bare call takes, where it is not the same. */
  readonly bare?: unknown;
  make(ran: unknown[]): Callable;
  /** What the content of its ToolMessage, or its bare result, contains. */
  readonly shows: string;
}

const schema = z.object({ target: z.string() });
const description = "Drops a target.";
const of = (made: unknown): Callable => made as Callable;

// Private fields and a getter over one: reading it, or calling a method that does, throws on a derived object.
class PrivateTool extends StructuredTool {
  readonly #ran: unknown[];
  readonly #text = { description, prefix: "dropped" };
  override name = TARGET;
  override schema = schema;
  constructor(ran: unknown[]) {
    super();
    this.#ran = ran;
  }
  override get description(): string {
    return this.#text.description;
  }
  #drop(target: string): string {
    return `${this.#text.prefix} ${target}`;
  }
  protected override async _call(args: z.output<typeof schema>): Promise<string> {
    this.#ran.push(args);
    return this.#drop(args.target);
  }
}

/** Has an `invoke` of its own, as adapters of other libraries do. */
class OwnInvoke extends StructuredTool {
  override name = TARGET;
  override description = description;
  override schema = schema;
  constructor(readonly ran: unknown[]) {
    super();
  }
  override async invoke(input: unknown): Promise<never> {
    const call = input as { type?: string; id?: string; args?: unknown };
    const args = call.type === "tool_call" ? call.args : input;
    this.ran.push(args);
    const text = `dropped ${(args as { target?: string }).target}`;
    return (
      call.type === "tool_call" ? new ToolMessage({ content: text, name: TARGET, tool_call_id: call.id ?? "" }) : text
    ) as never;
  }
  protected override async _call(args: z.output<typeof schema>): Promise<string> {
    this.ran.push(args);
    return `dropped ${args.target}`;
  }
}

export const TOOL: ToolKind = {
  name: "tool() with a zod schema",
  args: { target: "t1" },
  shows: "dropped t1",
  make: (ran) =>
    of(
      tool(
        async (args) => {
          ran.push(args);
          return `dropped ${args.target}`;
        },
        { name: TARGET, description, schema },
      ),
    ),
};

export const KINDS: readonly ToolKind[] = [
  {
    name: "DynamicTool",
    args: { input: "t1" },
    bare: "t1",
    shows: "dropped t1",
    make: (ran) =>
      of(
        new DynamicTool({
          name: TARGET,
          description,
          func: async (input) => {
            ran.push(input);
            return `dropped ${input}`;
          },
        }),
      ),
  },
  {
    name: "tool with a JSON schema",
    args: { target: "t1" },
    shows: "dropped t1",
    make: (ran) =>
      of(
        tool(
          async (args: unknown) => {
            ran.push(args);
            return `dropped ${(args as { target: string }).target}`;
          },
          {
            name: TARGET,
            description,
            schema: { type: "object", properties: { target: { type: "string" } }, required: ["target"] },
          },
        ),
      ),
  },
  {
    name: "class with private fields",
    args: { target: "t1" },
    shows: "dropped t1",
    make: (ran) => of(new PrivateTool(ran)),
  },
  {
    name: "class with an invoke of its own",
    args: { target: "t1" },
    shows: "dropped t1",
    make: (ran) => of(new OwnInvoke(ran)),
  },
  {
    name: "content_and_artifact",
    args: { target: "t1" },
    shows: "dropped t1",
    make: (ran) =>
      of(
        tool(
          async (args) => {
            ran.push(args);
            return [`dropped ${args.target}`, { rows: 1 }];
          },
          { name: TARGET, description, schema, responseFormat: "content_and_artifact" },
        ),
      ),
  },
  {
    name: "tool that answers with a Command",
    args: { target: "t1" },
    shows: "dropped t1",
    make: (ran) =>
      of(
        tool(
          async (args, config) => {
            ran.push(args);
            const id = (config as { toolCall?: { id?: string } }).toolCall?.id ?? "";
            return new Command({
              update: {
                messages: [new ToolMessage({ content: `dropped ${args.target}`, name: TARGET, tool_call_id: id })],
              },
            });
          },
          { name: TARGET, description, schema },
        ),
      ),
  },
  {
    name: "runnable as tool",
    args: { target: "t1" },
    shows: "dropped t1",
    make: (ran) =>
      of(
        RunnableLambda.from(async (args: { target: string }) => {
          ran.push(args);
          return `dropped ${args.target}`;
        }).asTool({ name: TARGET, description, schema }),
      ),
  },
];
