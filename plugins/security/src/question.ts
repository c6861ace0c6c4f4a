import type { ToolPermission } from "./grants.js";
import type { RequiredLevel } from "./levels.js";
import type { Subject } from "./subject.js";

/** What a denial was about. The model and the user see one code for all but the first. */
export type DenialCause =
  | "no-identity"
  | "no-grant"
  | "level"
  | "method"
  | "method-unknown"
  | "not-yet"
  | "expired"
  | "unknown-level";

/** One question. */
export interface DecisionRequest {
  /** Null: nobody is known to ask, which is denied. */
  readonly subject: Subject | null;
  readonly toolName: string;
  readonly method?: string | null | undefined;
  readonly required: RequiredLevel | null;
  /** Epoch milliseconds. */
  readonly now: number;
  /** Who needs no grant. Default: nobody. */
  readonly isAdmin?: ((subject: Subject) => boolean) | undefined;
}

/** Which principal of the chain was refused, and for what. */
export interface Refusal {
  readonly cause: DenialCause;
  readonly asker: Subject | null;
  /** Who acts for `asker`; null when it asks for itself. */
  readonly actor: Subject | null;
  /** The grant that came closest. */
  readonly grant: ToolPermission | null;
}
