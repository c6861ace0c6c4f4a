// @ts-check
/** The page of all hooks: the binding's by group, then those that plugins own. */

/**
 * @typedef {{ name: string, kind: string, fault: string, timeoutMs: number | null, doc: string, transforms: boolean }} Hook
 * @typedef {{ hook: Hook, owner: string, group: string }} Placed
 */

const brand = Symbol.for("graphtap.hook");

/** What a tap of each kind looks like; `Value` is what the hook is fired with. @type {Record<string, string>} */
const taps = {
  series: "(value, ctx) => void",
  sync: "(value, ctx) => undefined, never async",
  waterfall: "(value, ctx) => Value or undefined to keep it",
  bail: "(value, ctx) => answer or undefined",
  around: "(request, next, ctx) => next(request)",
  collect: "(value, ctx) => answer or undefined",
  guard: "(value, ctx) => allow, deny, escalate or undefined",
  reserve: "(value, ctx) => hold, deny or undefined",
};

/** @type {Record<string, string>} */
const kinds = {
  series: "all taps, in order; their results do not matter",
  sync: "all taps, in order, in the same tick",
  waterfall: "each tap may return a changed value, which the next one gets",
  bail: "the first answer wins",
  around: "each tap wraps the next one and returns its result, or answers by itself",
  collect: "all taps at once; their answers and failures are gathered with the plugin's name",
  guard: "all taps until a deny; deny beats escalate, escalate beats allow",
  reserve: "all taps in order; the first failure releases the holds of the earlier ones",
};

/** @param {any} value @returns {value is Hook} */
const isHook = (value) => typeof value === "object" && value !== null && brand in value;

/** Groups nest as deep as `hooks.run.start`; nothing deeper holds a hook. @param {unknown} value @param {number} depth @returns {Hook[]} */
function within(value, depth) {
  if (isHook(value)) return [value];
  if (typeof value !== "object" || value === null || depth === 0) return [];
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) return [];
  return Object.values(value).flatMap((item) => within(item, depth - 1));
}

/**
 * Every hook once, with the package that owns it: the first in dependency order that exports it.
 * @param {{ name: string, exports: Record<string, unknown> }[]} loaded
 * @returns {Placed[]}
 */
export function hooksOf(loaded) {
  /** @type {Map<string, Placed>} */
  const byName = new Map();
  for (const { exports, name: owner } of loaded) {
    for (const hook of Object.values(exports).flatMap((value) => within(value, 2))) {
      if (!byName.has(hook.name))
        byName.set(hook.name, { hook, owner, group: hook.name.split(".").slice(0, -1).join(".") });
    }
  }
  return [...byName.values()];
}

const cell = (/** @type {string} */ text) => text.replace(/\s+/g, " ").replaceAll("|", "\\|").trim();

/** @param {Hook} hook */
function row({ doc, fault, kind, name, timeoutMs, transforms }) {
  const tap = transforms ? taps[kind]?.replace("escalate or", "escalate, transform or") : taps[kind];
  const limit = timeoutMs === null ? "none" : `${timeoutMs} ms`;
  return `| \`${name}\` | ${kind} | ${fault} | ${limit} | \`${tap}\` | ${cell(doc)} |`;
}

/** @param {Placed[]} hooks */
export function hooksPage(hooks) {
  for (const { hook, owner } of hooks) {
    if (!taps[hook.kind]) throw new Error(`${owner}: ${hook.name} is of the unknown kind "${hook.kind}"`);
    if (!hook.doc?.trim()) throw new Error(`${owner}: ${hook.name} has no doc`);
  }
  const table = (/** @type {Placed[]} */ own) =>
    [
      "| hook | kind | fault | time-out | tap | when and what for |",
      "|---|---|---|---|---|---|",
      ...own.map(({ hook }) => row(hook)),
    ].join("\n");
  const sections = [...new Set(hooks.map(({ owner }) => owner))].map((owner) => {
    const own = hooks.filter((placed) => placed.owner === owner);
    const groups = [...new Set(own.map(({ group }) => group))];
    return `## ${owner}\n\n${groups.map((group) => `### ${group}\n\n${table(own.filter((placed) => placed.group === group))}\n`).join("\n")}`;
  });
  const legend = Object.entries(kinds).map(([kind, text]) => `| ${kind} | ${text} |`);
  return `# Hooks

Tap one with \`api.tap(hooks.tool.authorize, tap)\`. The fault says what a tap's own failure does: \`throw\` ends the call,
\`report\` is recorded and counted and changes nothing, \`deny\` refuses. A tap that takes longer than the time-out has failed.

| kind | how its taps run |
|---|---|
${legend.join("\n")}

${sections.join("\n")}`;
}
