import type { BaseLanguageModelInput } from "@langchain/core/language_models/base";
import type { AIMessageChunk, BaseMessage } from "@langchain/core/messages";
import { JsonOutputKeyToolsParser } from "@langchain/core/output_parsers/openai_tools";
import { type Runnable, RunnableLambda } from "@langchain/core/runnables";
import { toJsonSchema } from "@langchain/core/utils/json_schema";
import { type InteropZodType, isInteropZodSchema } from "@langchain/core/utils/types";

/** A zod schema, or a JSON schema (nothing is validated then). */
export type OutputSchema<Output> = InteropZodType<Output> | object;

interface FunctionTool {
  readonly type: "function";
  readonly function: {
    readonly name: string;
    readonly description: string;
    readonly parameters: Record<string, unknown>;
  };
}

/** The tool that stands for a schema, and the parser of its call. */
export function structuredOutput<Output extends Record<string, unknown>>(
  schema: OutputSchema<Output>,
  givenName: string | undefined,
): { tool: FunctionTool; parser: JsonOutputKeyToolsParser<Output> } {
  const zod = isInteropZodSchema(schema);
  const json = zod ? toJsonSchema(schema) : schema;
  const { name: ownName, title } = (zod ? {} : schema) as { name?: unknown; title?: unknown };
  const titled = ownName ?? title;
  const name = givenName ?? (typeof titled === "string" ? titled : "extract");
  const tool: FunctionTool = {
    type: "function",
    function: { name, description: "A function available to call.", parameters: json as Record<string, unknown> },
  };
  const parser = new JsonOutputKeyToolsParser<Output>({
    returnSingle: true,
    keyName: name,
    ...(zod ? { zodSchema: schema } : {}),
  });
  return { tool, parser };
}

/** Keeps the message beside what was read from it; unreadable gives `parsed: null`, as providers do. */
export function withRaw<Output extends Record<string, unknown>>(
  model: Runnable<BaseLanguageModelInput, AIMessageChunk>,
  parser: JsonOutputKeyToolsParser<Output>,
): Runnable<BaseLanguageModelInput, { raw: BaseMessage; parsed: Output | null }> {
  return RunnableLambda.from(async (input: BaseLanguageModelInput, config) => {
    const raw = await model.invoke(input, config);
    try {
      return { raw, parsed: await parser.invoke(raw, config) };
    } catch {
      return { raw, parsed: null };
    }
  });
}
