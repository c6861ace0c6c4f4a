import { type BindingErrorCode, errorCatalog as binding } from "@graphtap/langgraph";
import { errorCatalog, type UmbrellaErrorCode } from "../error-catalog.js";

const catalog = { ...binding, ...errorCatalog };

/** `ok` also holds what is only worth knowing; a `note` may be on purpose; a `finding` is wrong. */
export type Level = "ok" | "note" | "finding";

/** One line of the doctor's report. */
export interface Check {
  /** What was looked at: `node`, `package`, `copies`, `stack`, `graph`, `server`, `environment`. */
  readonly id: string;
  readonly level: Level;
  readonly text: string;
  /** Null for `ok`. */
  readonly code: string | null;
  readonly do: string | null;
}

export const ok = (id: string, text: string): Check => ({ id, level: "ok", text, code: null, do: null });

const told =
  (level: "note" | "finding") =>
  (id: string, code: UmbrellaErrorCode | BindingErrorCode, text: string, fix?: string): Check => ({
    id,
    level,
    text,
    code,
    do: fix ?? catalog[code].do,
  });

export const note = told("note");
export const finding = told("finding");
