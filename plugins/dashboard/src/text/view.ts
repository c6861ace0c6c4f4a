import { labelOf, valueOf } from "./words.js";

/** A panel as it is drawn, whoever made it: figures, and tables with a title. */
export interface View {
  readonly figures: readonly (readonly [label: string, value: string])[];
  readonly tables: readonly Table[];
}
export interface Table {
  readonly title: string;
  readonly columns: readonly { readonly label: string; readonly right: boolean }[];
  readonly rows: readonly (readonly string[])[];
  /** Rows that there are beyond those. */
  readonly more: number;
}

type Data = Readonly<Record<string, unknown>>;
const isObject = (value: unknown): value is Data =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const isScalar = (value: unknown): boolean => typeof value !== "object" || value === null;
const isFlat = (value: unknown): boolean => isScalar(value) || (Array.isArray(value) && value.every(isScalar));

/** Levels of objects that are opened up; what lies deeper is written in one line. */
const LEVELS = 3;

/**
 * Draws any panel from its data alone: a third party's looks like our own. Scalars are figures, an object of objects or a
 * list of objects is a table, other objects are figures under a longer name.
 */
export function viewOf(data: Data, maxRows: number): View {
  const figures: (readonly [string, string])[] = [];
  const tables: Table[] = [];
  const add = (key: string, value: unknown, path: string, level: number, unit = ""): void => {
    const label = path === "" ? labelOf(key) : `${path} ${labelOf(key)}`;
    if (isFlat(value)) figures.push([label, valueOf(key + unit, value)]);
    else if (Array.isArray(value)) addTable(tables, label, value.filter(isObject), maxRows);
    else if (isTable(value as Data)) {
      const rows = Object.entries(value as Data).map(([name, row]) => ({ name, ...(row as Data) }));
      addTable(tables, label, rows, maxRows);
    } else if (level < LEVELS) {
      const inherited = /(Ms|Bytes)$/.exec(key)?.[0] ?? unit;
      for (const [inner, one] of Object.entries(value as Data)) add(inner, one, label, level + 1, inherited);
    } else figures.push([label, valueOf(key, value)]);
  };
  for (const [key, value] of Object.entries(data)) add(key, value, "", 0);
  return { figures, tables };
}

/** Objects that all have the same keys are rows, named by their own key. */
function isTable(value: Data): boolean {
  const rows = Object.values(value);
  const [first] = rows;
  if (rows.length < 2 || !isObject(first)) return false;
  const keys = Object.keys(first).join();
  return rows.every((row) => isObject(row) && Object.keys(row).join() === keys);
}

function addTable(tables: Table[], title: string, rows: readonly Data[], maxRows: number): void {
  if (rows.length === 0) return;
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  // A column in which nobody has anything says nothing.
  const shown = keys.filter((key) => rows.some((row) => row[key] !== null && row[key] !== undefined));
  tables.push({
    title,
    columns: shown.map((key) => ({ label: labelOf(key), right: rows.some((row) => typeof row[key] === "number") })),
    rows: rows.slice(0, maxRows).map((row) => shown.map((key) => valueOf(key, row[key]))),
    more: Math.max(0, rows.length - maxRows),
  });
}
