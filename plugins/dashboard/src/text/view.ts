import { labelOf, valueOf } from "./words.js";

/** A panel as it is drawn, whoever made it: groups of figures, and tables with a title. */
export interface View {
  /** The first one has no label: the panel's own figures. */
  readonly groups: readonly Group[];
  readonly tables: readonly Table[];
}
export interface Group {
  readonly label: string;
  readonly figures: readonly (readonly [label: string, value: string])[];
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
/** Says nothing: unknown, none of it, or an empty list. At the top of a panel unknown and zero are worth a word. */
const isBlank = (value: unknown): boolean =>
  value === null || value === undefined || value === 0 || value === "" || (Array.isArray(value) && value.length === 0);

/** Levels of objects that are opened up; what lies deeper is written in one line. */
const LEVELS = 3;

/**
 * Draws any panel from its data alone: a third party's looks like our own. Scalars are figures; an object of objects or a
 * list of objects is a table; other objects are a group of figures, in which only what there is is shown.
 */
export function viewOf(data: Data, maxRows: number): View {
  const groups: { label: string; figures: (readonly [string, string])[] }[] = [{ label: "", figures: [] }];
  const tables: Table[] = [];
  const add = (object: Data, group: (typeof groups)[number], path: string, level: number, unit: string): void => {
    for (const [key, value] of Object.entries(object)) {
      if (level > 0 ? isBlank(value) : Array.isArray(value) && value.length === 0) continue;
      const label = labelOf(key);
      const title = path === "" || path.endsWith(label) ? label : `${path} ${label}`;
      if (isFlat(value))
        group.figures.push([level > 1 ? title.slice(group.label.length + 1) : label, valueOf(key + unit, value)]);
      else if (Array.isArray(value)) addTable(tables, title, value.filter(isObject), maxRows);
      else if (isTable(value as Data)) {
        const rows = Object.entries(value as Data).map(([name, row]) => ({ name, ...(row as Data) }));
        addTable(tables, title, rows, maxRows);
      } else if (level < LEVELS) {
        const inner = level === 0 ? { label, figures: [] } : group;
        if (level === 0) groups.push(inner);
        add(value as Data, inner, title, level + 1, /(Ms|Bytes)$/.exec(key)?.[0] ?? unit);
      } else group.figures.push([label, valueOf(key, value)]);
    }
  };
  add(data, groups[0] as (typeof groups)[number], "", 0, "");
  return { groups: groups.filter(({ figures }) => figures.length > 0), tables };
}

/** Objects that all have the same keys are rows, named by their own key. */
function isTable(value: Data): boolean {
  const rows = Object.values(value);
  const [first] = rows;
  if (rows.length < 2 || !isObject(first)) return false;
  const keys = Object.keys(first).join();
  return rows.every((row) => isObject(row) && Object.keys(row).join() === keys);
}

/** Columns that are kept whatever is in them: without them nobody knows what a row is about. */
const FIRST_COLUMNS = 2;

function addTable(tables: Table[], title: string, rows: readonly Data[], maxRows: number): void {
  if (rows.length === 0) return;
  const keys = [...new Set(rows.flatMap((row) => Object.keys(row)))];
  // A column in which nobody has anything says nothing; lists of objects have no room in a cell.
  const known = keys.filter((key) => {
    const values = rows.map((row) => row[key]).filter((value) => value !== null && value !== undefined);
    return values.length > 0 && values.every((value) => isFlat(value) || isObject(value));
  });
  const shown = known.filter((key, at) => at < FIRST_COLUMNS || rows.some((row) => !isBlank(row[key])));
  tables.push({
    title,
    columns: shown.map((key) => ({ label: labelOf(key), right: rows.some((row) => typeof row[key] === "number") })),
    rows: rows.slice(0, maxRows).map((row) => shown.map((key) => valueOf(key, row[key]))),
    more: Math.max(0, rows.length - maxRows),
  });
}
