// @ts-check
/**
 * Known vulnerabilities of what users install: level high or above in production dependencies fails. A registry without
 * an audit endpoint is not a finding, but it is said, so that silence is never taken for a clean result.
 */
import { pathToFileURL } from "node:url";
import { pnpm, run } from "./workspace.mjs";

/** @typedef {{ state: "clean" | "found" | "unavailable" | "broken", lines: string[] }} Audit */

const severe = ["high", "critical"];
const noEndpoint =
  /ERR_PNPM_AUDIT_(?:BAD_RESPONSE|ENDPOINT_NOT_EXISTS)|ENOTFOUND|ECONNREFUSED|ETIMEDOUT|EAI_AGAIN|ERR_PNPM_META_FETCH_FAIL/;

/**
 * @param {string} out what `pnpm audit --json` printed
 * @returns {Audit}
 */
export function readAudit(out) {
  const start = out.search(/^\s*\{/m);
  let report;
  try {
    report = JSON.parse(out.slice(Math.max(start, 0)));
  } catch {
    const state = noEndpoint.test(out) ? "unavailable" : "broken";
    const lines = out.trim().split("\n");
    return { state, lines: [lines.find((line) => noEndpoint.test(line)) ?? lines.slice(0, 6).join("\n")] };
  }
  if (report.error) {
    const text = `${report.error.code ?? ""} ${report.error.message ?? ""}`;
    return { state: noEndpoint.test(text) ? "unavailable" : "broken", lines: [text] };
  }
  if (!report.advisories && !report.metadata)
    return { state: "broken", lines: ["the report has neither advisories nor metadata"] };
  const lines = Object.values(report.advisories ?? {})
    .filter(({ severity }) => severe.includes(severity))
    .map(
      ({ module_name, patched_versions, severity, title, url }) =>
        `${severity}: ${module_name}: ${title} (fixed in ${patched_versions}) ${url}`,
    );
  return { state: lines.length > 0 ? "found" : "clean", lines };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const [command, args] = pnpm();
  const { lines, state } = readAudit(run(command, [...args, "audit", "--prod", "--json"]).out);
  if (state === "clean") console.log("audit: nothing of level high or critical in production dependencies");
  else if (state === "unavailable")
    console.log(`audit: NOT CHECKED, the registry in use answers no audits: ${lines[0] ?? ""}`);
  else {
    for (const line of lines) console.error(line);
    console.error(state === "found" ? `audit: ${lines.length} findings` : "audit: the report could not be read");
    process.exitCode = 1;
  }
}
