// @ts-check
/** The page of all error codes. */

/** @typedef {{ title: string, why: string, do: string, example?: string }} Explained */
/** @typedef {{ code: string, name: string, text: Explained }} ErrorEntry */

const intro = `# Error codes

Every error carries a permanent code. \`npx graphtap why CODE\` prints the same text in the terminal.
`;

/**
 * Every code once, under the package that owns it: packages come in dependency order, so a catalogue that is handed on by
 * a package above adds nothing. Two texts for one code are an error, as a reader could not know which holds.
 * @param {{ name: string, exports: Record<string, unknown> }[]} loaded
 * @returns {ErrorEntry[]}
 */
export function errorsOf(loaded) {
  /** @type {Map<string, ErrorEntry>} */
  const byCode = new Map();
  for (const { exports, name } of loaded) {
    const catalog = /** @type {Record<string, Explained>} */ (exports["errorCatalog"] ?? {});
    for (const [code, text] of Object.entries(catalog)) {
      for (const part of /** @type {const} */ (["title", "why", "do"])) {
        if (!text[part]?.trim()) throw new Error(`${name}: errorCatalog.${code} has no "${part}"`);
      }
      const known = byCode.get(code);
      if (known && JSON.stringify(known.text) !== JSON.stringify(text))
        throw new Error(`${code} is explained twice, differently: in ${known.name} and in ${name}`);
      if (!known) byCode.set(code, { code, name, text });
    }
  }
  return [...byCode.values()];
}

/** @param {Parameters<typeof errorsOf>[0]} loaded */
export function errorsPage(loaded) {
  const errors = errorsOf(loaded);
  const sections = [...new Set(errors.map(({ name }) => name))].map((name) => {
    const own = errors.filter((error) => error.name === name).sort((a, b) => a.code.localeCompare(b.code));
    return `## ${name}\n\n${own.map(section).join("\n")}`;
  });
  return `${intro}\n${sections.join("\n")}`;
}

/** @param {ErrorEntry} error */
function section({ code, text }) {
  const fence = text.example?.includes("```") ? "````" : "```";
  const example = text.example ? `\n${fence}ts\n${text.example.trim()}\n${fence}\n` : "";
  return `### ${code}\n\n${text.title.trim()}\n\n- **Why:** ${text.why.trim()}\n- **Do:** ${text.do.trim()}\n${example}`;
}
