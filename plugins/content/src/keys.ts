import { defineHook, defineService } from "@graphtap/kernel";

/** What is done with something that was found. */
export type ContentAction = "allow" | "flag" | "mask" | "block";
/**
 * Where a value passes: into a run (`input`), out of a model or a run (`output`), into a tool and out of it.
 */
export type ContentPlace = "input" | "output" | "toolArguments" | "toolResult";
/** `limit`: nothing was found, but the value was too large, too deep or not readable, so nobody can say that it is clean. */
export type ContentKind = "secret" | "personal" | "denied" | "pattern" | "limit";

/** One thing that was found in a value. It holds no part of it. */
export interface Finding {
  readonly detector: string;
  readonly kind: ContentKind;
  readonly action: ContentAction;
  /** Where in the value: `$.args[0]`. Names of keys are part of the value: do not log it. */
  readonly path: string;
  /** Offsets in the text at that path; null where the whole value is meant. */
  readonly from: number | null;
  readonly to: number | null;
  /** How it was written, where that was not plain text. */
  readonly encoding: "base64" | "hex" | null;
  /** A masked sample, such as `t***@example.com` or `****1111`; null where even that would say something. */
  readonly sample: string | null;
}

export interface Findings {
  /** True when nothing was found that has an action, and everything could be looked at. */
  readonly clean: boolean;
  /** What the place would do: the strongest action of all findings; null when there is none. */
  readonly action: ContentAction | null;
  /** The first 1,000. */
  readonly findings: readonly Finding[];
  /** All of them, by detector. */
  readonly counts: Readonly<Record<string, number>>;
}

export interface ScanOptions {
  /** Whose detectors and actions apply. Default `output`. */
  readonly place?: ContentPlace;
}

/** A value with everything hidden that the place masks or blocks; the same object where there is nothing to hide. */
export interface Masked<T = unknown> extends Findings {
  readonly value: T;
}

/** How often something was found, by what was done. */
export interface ContentCount {
  readonly detector: string;
  readonly kind: ContentKind;
  readonly place: ContentPlace;
  readonly action: ContentAction;
  readonly count: number;
}
export interface ContentStats {
  /** Texts, values and streams that were looked at; null where one user was asked for. */
  readonly scanned: number | null;
  /** Characters in them; null where one user was asked for. */
  readonly characters: number | null;
  /** Findings, largest count first; at most one line per detector, place and action. */
  readonly triggers: readonly ContentCount[];
  readonly total: number;
  /** Users whose own counts were dropped to keep the memory bounded; null where one user was asked for. */
  readonly droppedUsers: number | null;
}
/** Whose triggers to count; undefined means all. */
export interface ContentStatsQuery {
  readonly userId?: string;
  /** Null: of users without a tenant. Only with `userId`. */
  readonly tenantId?: string | null;
}

/** The filter, for code of your own. The stack's own places need no call. */
export interface ContentFilter {
  /**
   * Looks at a text or at data of any shape and changes nothing. What is found is not counted.
   *
   * @throws GraphTapError CONTENT_QUERY_INVALID
   */
  scan(value: unknown, options?: ScanOptions): Findings;
  /**
   * The same, and gives the value with everything hidden.
   *
   * @throws GraphTapError CONTENT_QUERY_INVALID, CONTENT_BLOCKED where a value is over a limit that blocks
   */
  mask<T>(value: T, options?: ScanOptions): Masked<T>;
  /** What was found since the stack began. */
  stats(query?: ContentStatsQuery): ContentStats;
}

export const Content = defineService<ContentFilter>()("content");

/** Something was found in a run. Holds no part of the value. */
export interface ContentFlagged {
  readonly detector: string;
  readonly kind: ContentKind;
  readonly place: ContentPlace;
  readonly action: ContentAction;
  /** How often, in the value or stream at hand. */
  readonly count: number;
  readonly sample: string | null;
  readonly encoding: "base64" | "hex" | null;
  readonly tool: string | null;
  readonly runId: string | null;
  readonly threadId: string | null;
  readonly workflow: string | null;
  readonly node: string | null;
  readonly userId: string | null;
  readonly service: string | null;
  readonly tenantId: string | null;
}

export const contentHooks = Object.freeze({
  flagged: defineHook.series<ContentFlagged>("content.flagged", {
    doc: "Something was found in a run, and flagged, masked or blocked; never with the value.",
  }),
});

/** One line of the content panels. */
export interface ContentTrigger {
  readonly detector: string;
  readonly action: ContentAction;
  readonly count: number;
}
/** The content plugin's part of a user's dashboard: that user's own triggers. */
export interface ContentUserPanel {
  readonly total: number;
  readonly triggers: readonly ContentTrigger[];
}
/** The content plugin's part of the system's dashboard. */
export interface ContentSystemPanel {
  readonly scanned: number | null;
  readonly total: number;
  readonly triggers: readonly (ContentTrigger & { readonly place: ContentPlace })[];
}
