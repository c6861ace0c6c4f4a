import { type CatalogEntry, errorCatalog as kernel } from "@graphtap/kernel";
import { errorCatalog as dashboard } from "@graphtap/dashboard";
import { errorCatalog as langgraph } from "@graphtap/langgraph";
import { errorCatalog as metrics } from "@graphtap/metrics";
import { errorCatalog as audit } from "@graphtap/audit";
import { errorCatalog as composition } from "@graphtap/composition";
import { errorCatalog as content } from "@graphtap/content";
import { errorCatalog as performance } from "@graphtap/performance";
import { errorCatalog as security } from "@graphtap/security";
import { errorCatalog as values } from "@graphtap/values";
import { errorCatalog as own } from "./error-catalog.js";

/** The long form of a code, and whose it is. */
export interface Explained extends CatalogEntry {
  readonly code: string;
  readonly package: string;
}

const catalogs: readonly (readonly [string, Readonly<Record<string, CatalogEntry>>])[] = [
  ["@graphtap/kernel", kernel],
  ["@graphtap/values", values],
  ["@graphtap/langgraph", langgraph],
  ["@graphtap/metrics", metrics],
  ["@graphtap/security", security],
  ["@graphtap/audit", audit],
  ["@graphtap/performance", performance],
  ["@graphtap/content", content],
  ["@graphtap/composition", composition],
  ["@graphtap/dashboard", dashboard],
  ["graphtap", own],
];

/** Every code that a package of this version throws, denies or reports with. */
export const explained: ReadonlyMap<string, Explained> = new Map(
  catalogs
    .toReversed()
    .flatMap(([name, catalog]) =>
      Object.entries(catalog).map(([code, entry]) => [code, { ...entry, code, package: name }] as const),
    )
    .sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0)),
);
