/** `timeToFirstTokenMs` as people read it: "time to first token". The unit goes to the value. */
export function labelOf(key: string): string {
  // No name that a program gives to a field: somebody called a workflow so.
  if (/[^A-Za-z0-9_]/.test(key)) return shown(key);
  const words = key
    .replace(/(Ms|Bytes|Usd)$/, "")
    .replaceAll(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replaceAll(/_+/g, " ")
    .toLowerCase();
  return shown(words === "" ? key.toLowerCase() : words);
}

const UNKNOWN = "–";
const SHARE = /(rate|share|ratio)$/i;
/** Numbers above it are times, where their name says that they may be: the year 2001 in milliseconds. */
const EPOCH = 1_000_000_000_000;
/** Above it there is no date. */
const LATEST = 8_640_000_000_000_000;

/** A value as people read it, by the unit that its name ends in. Unknown is a dash, never a zero. */
export function valueOf(key: string, value: unknown): string {
  if (value === null || value === undefined) return UNKNOWN;
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "number") return numberOf(key, value);
  if (typeof value === "string") return stringOf(value);
  if (Array.isArray(value)) return value.length === 0 ? UNKNOWN : value.map((one) => valueOf("", one)).join(", ");
  // What is inside of `heapUsedBytes` are bytes, whatever it is called.
  const unit = /(Ms|Bytes)$/.exec(key)?.[0] ?? "";
  return Object.entries(value)
    .filter(([, one]) => one !== null && one !== undefined)
    .map(([inner, one]) => `${labelOf(inner)} ${valueOf(inner + unit, one)}`)
    .join(", ");
}

function numberOf(key: string, value: number): string {
  if (key.endsWith("Ms")) return duration(value);
  if (key.endsWith("Bytes")) return bytes(value);
  if (/nanoUsd$/i.test(key)) return `$${(value / 1e9).toFixed(4)}`;
  if (SHARE.test(key) && value >= 0 && value <= 1) return `${Number((100 * value).toFixed(1))} %`;
  if (value >= EPOCH && value <= LATEST && /(at|since|until|expiry|before|from|to)$/i.test(key)) return time(value);
  if (Number.isSafeInteger(value)) return value.toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

function duration(ms: number): string {
  if (ms < 1_000) return `${ms < 10 ? Number(ms.toFixed(1)) : Math.round(ms)} ms`;
  if (ms < 60_000) return `${Number((ms / 1_000).toFixed(1))} s`;
  if (ms < 3_600_000) return `${Number((ms / 60_000).toFixed(1))} min`;
  if (ms < 172_800_000) return `${Number((ms / 3_600_000).toFixed(1))} h`;
  return `${Math.round(ms / 86_400_000)} days`;
}

function bytes(count: number): string {
  if (count < 1_024) return `${count} B`;
  if (count < 1_048_576) return `${Number((count / 1_024).toFixed(1))} KiB`;
  return `${Number((count / 1_048_576).toFixed(1))} MiB`;
}

const time = (at: number): string => new Date(at).toISOString().slice(0, 16).replace("T", " ");

/** Controls and invisible formatting of names are shown, not obeyed: they could move the cursor, or turn a name around. */
export const shown = (text: string): string => text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "\uFFFD");

/** A full time loses what nobody reads. */
function stringOf(text: string): string {
  const match = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2}:\d{2})\.\d+Z$/.exec(text);
  return match === null ? shown(text) : `${match[1]} ${match[2]}`;
}
