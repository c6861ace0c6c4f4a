import { RULES } from "./detect/catalog.js";
import { denyListRule } from "./detect/deny-list.js";
import { encodedRule } from "./detect/encoded.js";
import { compilePattern } from "./detect/pattern-source.js";
import { type Armed, compile, isEmpty, type Program } from "./detect/program.js";
import type { Rule } from "./detect/rule.js";
import type { Found } from "./detect/sieve.js";
import { filterText } from "./detect/text.js";
import type { ContentAction, ContentPlace } from "./keys.js";
import type { ContentOptions, Level } from "./options.js";

const PLACES: readonly ContentPlace[] = ["input", "output", "toolArguments", "toolResult"];

/** What each place looks for; null where it looks for nothing. Places that do the same share one program. */
export type Policy = Readonly<Record<ContentPlace, Program | null>>;

/** Arranges the options by place. */
export function policyOf(options: ContentOptions): Policy {
  const rules = RULES.map((rule) => prioritised(rule, options));
  const lists = options.deny.map((list) => ({
    rule: denyListRule(list.id, list.terms, list.wholeWords),
    level: list.action,
  }));
  const patterns = options.patterns.map((given) => ({
    given,
    regex: compilePattern(given.pattern, given.ignoreCase),
  }));
  const known = new Map<string, Program | null>();
  const programAt = (place: ContentPlace): Program | null => {
    const armed: Armed[] = [];
    for (const rule of rules) arm(armed, rule, actionOf(rule, options, place));
    for (const { rule, level } of lists) arm(armed, rule, at(level, place, "block"));
    const set = patterns.flatMap(({ given, regex }) => {
      const action = at(given.action, place, "mask");
      return action === "allow" ? [] : [{ id: given.id, kind: "pattern" as const, action, regex }];
    });
    const same = JSON.stringify([
      armed.map(({ rule, action }) => [rule.id, action]),
      set.map(({ id, action }) => [id, action]),
    ]);
    const before = known.get(same);
    if (before !== undefined) return before;
    const program = compile(
      options.decode && armed.length > 0 ? [...armed, decoder(armed)] : armed,
      set.length > 0 ? { patterns: set, ids: set.map(({ id }) => id) } : null,
    );
    const useful = isEmpty(program) ? null : program;
    known.set(same, useful);
    return useful;
  };
  return Object.freeze(
    Object.fromEntries(PLACES.map((place) => [place, programAt(place)])) as Record<ContentPlace, Program | null>,
  );
}

function arm(armed: Armed[], rule: Rule, action: ContentAction): void {
  if (action !== "allow") armed.push({ rule, action });
}

const RANK: Readonly<Record<Armed["action"], number>> = { flag: 0, mask: 1, block: 2 };

/** The decoder of a place. Of all that was encoded together, what has the strongest action counts. */
function decoder(armed: readonly Armed[]): Armed {
  const program = compile(armed, null);
  const rule = encodedRule((text) => {
    let worst: Found | null = null as Found | null;
    filterText(program, text, (found) => {
      if (worst === null || RANK[found.action] > RANK[worst.action]) worst = found;
    });
    return worst;
  });
  return { rule, action: "flag" };
}

function prioritised(rule: Rule, options: ContentOptions): Rule {
  const own = options.detectors[rule.id];
  return typeof own === "object" && own.priority !== undefined ? { ...rule, priority: own.priority } : rule;
}

function actionOf(rule: Rule, options: ContentOptions, place: ContentPlace): ContentAction {
  const group = rule.kind === "secret" ? options.secrets : options.personal;
  const usual = at(group, place, rule.kind === "secret" ? secretDefault(place) : "flag");
  const own = options.detectors[rule.id];
  return own === undefined ? usual : at(own, place, usual);
}

/** A place that a group does not name keeps what it does without any option. */
const secretDefault = (place: ContentPlace): ContentAction => (place === "toolArguments" ? "block" : "mask");

const at = (
  level: Level | { readonly priority?: number | undefined },
  place: ContentPlace,
  usual: ContentAction,
): ContentAction =>
  typeof level === "string" ? level : ((level as Partial<Record<ContentPlace, ContentAction>>)[place] ?? usual);
