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
  const told = [state, inputOf(config), ownOf(config)];
  return contextOf({ principal: run?.principal ?? null, facts: data, told, untrusted, context });
}

/**
 * What the run was called with, keys that are no state included: LangGraph drops those, and keeping them in channels would
 * let a later run of the conversation find them. Only the first step of a run can see it.
 */
function inputOf(config: Config): Values {
  const read: unknown = config.configurable?.["__pregel_read"];
  if (typeof read !== "function") return {};
  try {
    return asData((read as (channel: string) => unknown)("__start__")) ?? {};
  } catch {
    // Empty: the first step is over.
    return {};
  }
}

/** What LangGraph or a plugin keeps in a config is nothing that a caller told. */
const ownOf = (config: Config): Values =>
  Object.fromEntries(Object.entries(config.configurable ?? {}).filter(([key]) => !key.startsWith("__")));
