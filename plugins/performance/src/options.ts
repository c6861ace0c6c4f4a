import { namingKeys } from "@graphtap/values";
import { z } from "zod";
import type { CompressorOptions } from "./compressor.js";

const count = (most: number) => z.number().int().positive().max(most);
/** A function, in words. */
export const callable = <T>(what: string) =>
  z.custom<T>((value) => typeof value === "function", `expected ${what}`).optional();

const strict = <S extends z.ZodRawShape>(shape: S) => z.strictObject(shape, { error: namingKeys(Object.keys(shape)) });

export const workflows = strict({
  maxEntries: count(100_000).default(100),
  maxBytes: count(1_099_511_627_776).default(268_435_456),
  ttlMs: count(31_536_000_000).default(3_600_000),
});
export const tools = strict({
  maxTools: count(100_000).default(1_000),
  retries: z.number().int().min(0).max(20).default(2),
  backoffMs: count(60_000).default(100),
  loadTimeoutMs: count(3_600_000).default(30_000),
  negativeTtlMs: z.number().int().min(0).max(86_400_000).default(30_000),
  idleMs: count(2_147_483_647).nullable().default(null),
});
export const compression = strict({
  maxTokens: count(100_000_000),
  keepTokens: count(100_000_000).optional(),
  summaryTokens: count(100_000).optional(),
  summaryTimeoutMs: count(9_000).default(5_000),
  overflow: z.enum(["truncate", "error"]).default("truncate"),
  maxRemembered: count(100_000_000).default(200_000),
  countTools: z.boolean().default(true),
  summarize: callable<NonNullable<CompressorOptions["summarize"]>>("a function that gives a summary"),
  pinned: callable<NonNullable<CompressorOptions["pinned"]>>("a function of a message"),
  countTokens: callable<NonNullable<CompressorOptions["countTokens"]>>("a function of a text"),
}).refine(({ keepTokens, maxTokens }) => keepTokens === undefined || keepTokens <= maxTokens, {
  path: ["keepTokens"],
  message: "expected at most maxTokens",
});
const memory = strict({
  everyMs: z.number().int().min(100).max(86_400_000).default(10_000),
  timer: z.boolean().default(false),
});

/** Options of the plugin; the README lists them with units. */
export const options = z.strictObject({
  workflows: z
    .union([z.literal(false), workflows], { error: "expected false or { maxEntries, maxBytes, ttlMs }" })
    .prefault({}),
  tools: tools.prefault({}),
  compression: compression.optional(),
  memory: memory.prefault({}),
});
