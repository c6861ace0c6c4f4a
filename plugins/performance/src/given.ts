import { type GraphTapError, problemsOf } from "@graphtap/kernel";
import { type BaseMessage, coerceMessageLikeToMessage } from "@langchain/core/messages";
import { z } from "zod";
import { cacheCallInvalid, compressionOptionsInvalid, loaderCallInvalid } from "./errors.js";
import { callable, compression, tools, workflows } from "./options.js";

const aFunction = callable("a function");
const clock = z.custom<object>((value) => typeof value === "object" && value !== null, "expected a clock").optional();

/** What the parts of this package take where no stack has checked it before. */
const cache = workflows.extend({ now: callable<() => number>("a function"), onEvent: aFunction });
const loader = tools.extend({ clock, onLoad: aFunction });
const compressor = compression.safeExtend({ clock });
const names = z.array(z.string());

function checked<S extends z.ZodType>(schema: S, given: unknown, wrong: (why: string) => GraphTapError): z.output<S> {
  const parsed = schema.safeParse(given);
  if (!parsed.success) throw wrong(problemsOf(parsed.error, given, schema).join("\n"));
  return parsed.data;
}

/** @throws GraphTapError CACHE_CALL_INVALID */
export const cacheOptions = (given: unknown) =>
  checked(cache, given, (why) => cacheCallInvalid("new WorkflowCache", why));
/** @throws GraphTapError LAZY_TOOL_CALL_INVALID */
export const loaderOptions = (given: unknown) =>
  checked(loader, given, (why) => loaderCallInvalid("new LazyToolLoader", why));
/** @throws GraphTapError COMPRESSION_OPTIONS_INVALID */
export const compressorOptions = (given: unknown) => checked(compressor, given, compressionOptionsInvalid);

const isMessage = (value: unknown): boolean =>
  typeof value === "object" && value !== null && typeof (value as { type?: unknown }).type === "string";

/**
 * The list itself where it holds messages; what LangChain takes for one (`{ role, content }`) becomes one.
 *
 * @throws GraphTapError COMPRESSION_OPTIONS_INVALID
 */
export function messagesIn(given: readonly BaseMessage[]): readonly BaseMessage[] {
  const wrong = (why: string): GraphTapError => compressionOptionsInvalid(why, "compress() was given no messages.");
  if (!Array.isArray(given)) throw wrong(`expected a list of messages, got ${given === null ? "null" : typeof given}.`);
  if (given.every(isMessage)) return given;
  try {
    return given.map((one: BaseMessage) => (isMessage(one) ? one : coerceMessageLikeToMessage(one)));
  } catch (error) {
    throw wrong(`an element is no message: ${String((error as Error).message).slice(0, 200)}`);
  }
}

/** @throws GraphTapError LAZY_TOOL_CALL_INVALID */
export const toolNames = (method: string, given: unknown): readonly string[] =>
  checked(names, given, (why) => loaderCallInvalid(method, why.replaceAll("options: ", "names: ")));
