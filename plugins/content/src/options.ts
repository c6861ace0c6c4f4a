import { namingKeys } from "@graphtap/values";
import { z } from "zod";
import { RULE_IDS } from "./detect/catalog.js";
import { comparable, TERM_LIMIT } from "./detect/deny-list.js";
import { patternProblem } from "./detect/pattern-source.js";

const strict = <S extends z.ZodRawShape>(shape: S) => z.strictObject(shape, { error: namingKeys(Object.keys(shape)) });

const action = z.enum(["allow", "flag", "mask", "block"]);
const places = {
  input: action.optional(),
  output: action.optional(),
  toolArguments: action.optional(),
  toolResult: action.optional(),
};
const SHAPE =
  "expected allow, flag, mask or block, or one of them by place: { input, output, toolArguments, toolResult }";
/** One action for all places, or some places with their own. */
const level = z.union([action, strict(places)], { error: SHAPE });
const priority = z.int().min(0).max(1_000).optional();
const detector = z.union([action, strict({ ...places, priority })], {
  error: `${SHAPE}, and a priority of 0 to 1,000`,
});
const id = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,39}$/, "small letters, digits and dashes, at most 40, a letter first")
  .refine(
    (name) => !RULE_IDS.has(name) && name !== "limit" && name !== "encoded",
    "the name of a detector of this package",
  );

const term = z
  .string()
  .refine((text) => comparable(text).length >= 2, "at least two visible characters")
  .refine((text) => comparable(text).length <= TERM_LIMIT, `at most ${TERM_LIMIT} characters`);
const denyList = strict({
  id: id.default("deny-list"),
  terms: z.array(term).min(1).max(10_000),
  /** An entry begins and ends where a word does. */
  wholeWords: z.boolean().default(true),
  action: level.default("block"),
});
const pattern = strict({
  id,
  pattern: z.string().min(1).max(500),
  ignoreCase: z.boolean().default(false),
  action: level.default("mask"),
}).superRefine((given, context) => {
  const problem = patternProblem(given.pattern, given.ignoreCase);
  if (problem !== null) context.addIssue({ code: "custom", path: ["pattern"], message: problem });
});

export const options = z
  .strictObject({
    secrets: level.default({ input: "mask", output: "mask", toolArguments: "block", toolResult: "mask" }),
    personal: level.default("flag"),
    detectors: z
      .partialRecord(z.enum([...RULE_IDS] as [string, ...string[]]), detector, {
        error: namingKeys(RULE_IDS, "detector"),
      })
      .default({}),
    deny: z.array(denyList).max(50).default([]),
    patterns: z.array(pattern).max(50).default([]),
    decode: z.boolean().default(true),
    limits: strict({
      characters: z.int().min(1_000).max(100_000_000).default(4_194_304),
      nodes: z.int().min(100).max(10_000_000).default(100_000),
      depth: z.int().min(4).max(500).default(64),
    }).prefault({}),
    onLimit: z.enum(["block", "flag"]).default("block"),
    maxUsers: z.int().min(1).max(1_000_000).default(10_000),
  })
  .prefault({})
  .superRefine(({ deny, patterns }, context) => {
    const seen = new Set<string>();
    for (const { id: name } of [...deny, ...patterns]) {
      if (seen.has(name))
        context.addIssue({ code: "custom", message: `two of deny and patterns are called "${name}"` });
      seen.add(name);
    }
  });

export type ContentOptions = z.output<typeof options>;
export type Level = z.output<typeof level>;
