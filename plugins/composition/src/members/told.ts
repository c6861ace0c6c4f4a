import type { RunContext } from "@graphtap/langgraph";
import { asData, contextOf, type RuleContext } from "../context.js";
import { compositionInvalid } from "../errors.js";
import { described } from "../text.js";
import type { Config } from "./graph.js";

type Values = Readonly<Record<string, unknown>>;

/** Where rules get their facts from. */
export interface FactsConfig {
  /** Constants of the host's; for keys that a caller may tell, the defaults. */
  readonly context?: Values | undefined;
  /** Trusted facts about the run at hand, from the host's own code: a plan by user id, say. */
  readonly facts?: ((run: RunContext | null) => Values | Promise<Values>) | undefined;
  /** Keys that callers may tell, in `configurable` or in the input. Every other key is read from trusted sources alone. */
  readonly untrusted?: readonly string[] | undefined;
}

/** What rules are asked with in the run at hand. */
export async function factsOf(
  { context = {}, facts, untrusted = [] }: FactsConfig,
  run: RunContext | null,
  state: Values,
  config: Config,
): Promise<RuleContext> {
  const found = await facts?.(run);
  const data = asData(found);
  if (data === null)
    throw compositionInvalid("facts", [
      {
        path: "facts(run)",
        got: described(found),
        expected: "an object of facts",
        fix: "facts: (run) => ({ plan: ... })",
      },
    ]);
  const configurable = (config.configurable ?? {}) as Values;
  // A key that LangGraph or a plugin keeps there is nothing that a caller told.
  const told = Object.fromEntries(Object.entries(configurable).filter(([key]) => !key.startsWith("__")));
  return contextOf({ principal: run?.principal ?? null, facts: data, told: [state, told], untrusted, context });
}
