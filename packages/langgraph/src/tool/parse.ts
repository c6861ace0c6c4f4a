import { snapshot } from "@graphtap/values";
import { interopParseAsync, interopSafeParse, isInteropZodSchema } from "@langchain/core/utils/types";

interface Definition {
  readonly type?: string;
  readonly checks?: readonly { readonly _zod?: { readonly def?: { readonly check?: string } } }[];
  readonly shape?: Readonly<Record<string, unknown>>;
  readonly [part: string]: unknown;
}

/** Types that run no code of the author's, and the parts of them to look into. */
const PLAIN: Readonly<Record<string, readonly string[]>> = {
  string: [],
  number: [],
  int: [],
  boolean: [],
  null: [],
  undefined: [],
  any: [],
  unknown: [],
  literal: [],
  enum: [],
  date: [],
  object: ["catchall"],
  array: ["element"],
  optional: ["innerType"],
  nullable: ["innerType"],
  readonly: ["innerType"],
  union: ["options"],
  tuple: ["items", "rest"],
  record: ["keyType", "valueType"],
};

const known = new WeakMap<object, boolean>();

/**
 * Whether a schema is data through and through. Any other may hold a transform or a refinement that is asynchronous, or
 * answers differently each time: such a schema is asked exactly once, and waited for.
 */
function isPlain(schema: unknown): boolean {
  if (schema === undefined || schema === null) return true;
  if (Array.isArray(schema)) return schema.every(isPlain);
  if (typeof schema !== "object") return false;
  const remembered = known.get(schema);
  if (remembered !== undefined) return remembered;
  // A schema that contains itself is taken for the dearer kind.
  known.set(schema, false);
  const def = (schema as { _zod?: { def?: Definition } })._zod?.def;
  const parts = def?.type === undefined ? undefined : PLAIN[def.type];
  const answer =
    def !== undefined &&
    parts !== undefined &&
    (def.checks ?? []).every(
      (check) =>
        check._zod?.def?.check !== undefined &&
        check._zod.def.check !== "custom" &&
        check._zod.def.check !== "overwrite",
    ) &&
    parts.every((part) => isPlain(def[part])) &&
    Object.values(def.shape ?? {}).every(isPlain);
  known.set(schema, answer);
  return answer;
}

/** LangChain takes these for the text of a string tool. */
const isBare = (raw: unknown): boolean => typeof raw === "string" || raw === undefined || raw === null;

/** Whether `parseWith` answers at once. */
export const parsesAtOnce = (schema: unknown, raw: unknown): boolean =>
  !isInteropZodSchema(schema) || (!isBare(raw) && isPlain(schema));

/**
 * Parses arguments with a tool's own schema, as LangChain's `call` would. At once where the schema is plain data.
 *
 * @throws what the schema throws.
 */
export function parseWith(schema: unknown, raw: unknown): unknown {
  if (!isInteropZodSchema(schema)) return snapshot(raw).value;
  if (parsesAtOnce(schema, raw)) {
    // No copy: such a schema changes nothing, and what it hands on unchanged is copied below.
    const result = interopSafeParse(schema as never, raw);
    if (!result.success) throw result.error as unknown as Error;
    return snapshot(result.data).value;
  }
  const parse = async (input: unknown): Promise<unknown> =>
    snapshot(await interopParseAsync(schema as never, input)).value;
  // A string tool takes bare text for { input }; LangChain does that inside `call`, before it parses.
  return isBare(raw) ? parse(raw).catch(() => parse({ input: raw ?? undefined })) : parse(snapshot(raw).value);
}
