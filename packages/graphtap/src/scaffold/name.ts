/** The names that one given name leads to. */
export interface PluginNames {
  /** For npm: `acme-quiet-hours` or `@acme/quiet-hours`. */
  readonly package: string;
  /** For `definePlugin`: `acme-quiet-hours`. */
  readonly plugin: string;
  /** Folder it is written to, unless another is given. */
  readonly folder: string;
  /** The factory: `acmeQuietHours`. */
  readonly factory: string;
  /** Key and type of its service: `AcmeQuietHours`. */
  readonly service: string;
  /** Code of its denials: `ACME_QUIET_HOURS`. */
  readonly code: string;
}

/** Why a name cannot be used, and one that can. */
export interface NameProblem {
  readonly why: string;
  readonly proposal: string;
}

const WORDS = /^[a-z][a-z0-9]*(?:-[a-z0-9]+)*$/;
/** npm's limit. */
const LONGEST = 214;
/** Scopes and first words under which only GraphTap's own packages appear. */
const OURS = "graphtap";

/** Names of everything that a plugin package holds, from `acme-quiet-hours` or `@acme/quiet-hours`. */
export function pluginNames(given: string): PluginNames | NameProblem {
  const scoped = /^@([^/]*)\/(.*)$/.exec(given);
  const [scope, name] = scoped === null ? [null, given] : [scoped[1] ?? "", scoped[2] ?? ""];
  const proposal = proposalFor(given);
  if (given.length > LONGEST)
    return { why: `It is longer than ${LONGEST} characters, which npm does not take.`, proposal: "acme-quiet-hours" };
  if (!WORDS.test(name) || (scope !== null && !WORDS.test(scope)))
    return {
      why: "A name is lower-case words of letters and digits, joined by dashes, and starts with a letter; before it may stand an npm scope.",
      proposal,
    };
  if (scope === OURS || (scope === null && name.split("-")[0] === OURS))
    return { why: "Names that start with graphtap are GraphTap's own.", proposal };
  if (scope === null && !name.includes("-"))
    return { why: "Names of one word are GraphTap's own: it has no prefix that says whose it is.", proposal };
  const plugin = scope === null ? name : `${scope}-${name}`;
  const service = plugin
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");
  return {
    package: given,
    plugin,
    folder: name,
    factory: service.charAt(0).toLowerCase() + service.slice(1),
    service,
    code: plugin.toUpperCase().replaceAll("-", "_"),
  };
}

function proposalFor(given: string): string {
  const words = given
    .toLowerCase()
    .split(/[^a-z0-9]+/)
    .filter((word) => word !== "" && word !== OURS && word !== "acme");
  const rest = words.join("-").slice(0, 100);
  return rest === "" ? "acme-quiet-hours" : `acme-${rest}`;
}
