import { parseArgs } from "node:util";
import type { CliCommand } from "@graphtap/langgraph";
import { GraphTapError } from "@graphtap/kernel";
import { toCsv, toJsonLines, toLine } from "./export.js";
import type { AuditLog, AuditQuery } from "./keys.js";

const USAGE = [
  "usage: graphtap audit verify",
  "       graphtap audit tail   [--user ID] [--tenant ID] [--decision denied] [--hours 24] [--limit 20]",
  "       graphtap audit export [the same] [--format jsonl|csv]",
].join("\n");

type Io = Parameters<CliCommand["run"]>[1];

/** `graphtap audit verify|tail|export` over the log of the stack. */
export function auditCommand(log: AuditLog, folder: string | null): CliCommand {
  return {
    name: "audit",
    summary: "verify, tail or export the audit log",
    async run(args, io) {
      try {
        const { positionals, values } = parseArgs({
          args: [...args],
          allowPositionals: true,
          options: {
            user: { type: "string" },
            tenant: { type: "string" },
            decision: { type: "string" },
            hours: { type: "string" },
            limit: { type: "string" },
            format: { type: "string" },
          },
        });
        const [what] = positionals;
        if (what === "verify" && positionals.length === 1) return await verify(log, folder, io);
        if ((what !== "tail" && what !== "export") || positionals.length > 1) throw new TypeError("nothing to do");
        const format = formatOf(what, values.format);
        const query = {
          userId: values.user,
          tenantId: values.tenant,
          decision: values.decision as AuditQuery["decision"],
          hours: numberOf(values.hours),
          limit: numberOf(values.limit) ?? (what === "tail" ? 20 : undefined),
        };
        if (what === "tail") {
          const entries = log.query(query).entries.toReversed();
          io.out(io.json ? toJsonLines(entries) : entries.map((entry) => `${toLine(entry)}\n`).join(""));
        } else {
          const entries = allOf(log, query);
          io.out(format === "csv" ? toCsv(entries) : toJsonLines(entries));
        }
        return 0;
      } catch (error) {
        if (!GraphTapError.isInstance(error) && !(error instanceof TypeError)) throw error;
        io.err(`${error.message}\n${GraphTapError.isInstance(error) ? "" : `${USAGE}\n`}`);
        return 2;
      }
    },
  };
}

/** A format that nobody knows must not look like one that was asked for. */
function formatOf(what: "tail" | "export", format: string | undefined): "jsonl" | "csv" {
  if (format === undefined) return "jsonl";
  if (what === "export" && (format === "jsonl" || format === "csv")) return format;
  throw new TypeError(what === "tail" ? "tail has no --format." : `--format is jsonl or csv, not "${format}".`);
}

const numberOf = (text: string | undefined): number | undefined => (text === undefined ? undefined : Number(text));

async function verify(log: AuditLog, folder: string | null, { out, json }: Io): Promise<number> {
  const found = await log.verify();
  const where = folder ?? "memory";
  if (json) out(`${JSON.stringify({ ...found, where })}\n`);
  else if (found.ok) out(`ok: ${found.checked} entries in ${where}, every chain whole\n`);
  else {
    out(`BROKEN: ${found.problems.length} problems among ${found.checked} entries in ${where}\n`);
    for (const { class: of, problem, seq, place } of found.problems)
      out(`  ${of}: ${problem}${seq === null ? "" : ` at entry ${seq}`}${place === null ? "" : ` (${place})`}\n`);
  }
  return found.ok ? 0 : 1;
}

/** Every page, oldest first. */
function allOf(log: AuditLog, query: AuditQuery): ReturnType<AuditLog["query"]>["entries"] {
  const entries = [];
  let cursor: string | undefined;
  do {
    const page = log.query({ ...query, limit: query.limit ?? 10_000, cursor });
    entries.push(...page.entries);
    cursor = query.limit === undefined ? (page.next ?? undefined) : undefined;
  } while (cursor !== undefined);
  return entries.toReversed();
}
