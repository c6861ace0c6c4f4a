interface Issue {
  readonly code?: string | undefined;
  readonly keys?: unknown;
}

/**
 * The `error` of a zod object or record that knows its keys: where one is unknown it names those there are. Everything
 * else is said in zod's own words.
 *
 * @param what one of them, in a word; default `option`
 * @example
 * z.strictObject({ ttlMs: z.number() }, { error: namingKeys(["ttlMs"]) }) // no option ttl; there are ttlMs
 */
export const namingKeys =
  (keys: Iterable<string>, what = "option") =>
  ({ code, keys: unknown }: Issue): string | undefined =>
    code === "unrecognized_keys" ? `no ${what} ${String(unknown)}; there are ${[...keys].join(", ")}` : undefined;
