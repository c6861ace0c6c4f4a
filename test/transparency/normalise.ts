const IDS = [
  "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
  // Ids of interrupts and of cached writes: a hash over ids.
  "(?<![0-9a-zA-Z])[0-9a-f]{32}(?![0-9a-zA-Z])",
  // deepagents cuts a uuid short.
  "session_[0-9a-f]{8}(?![0-9a-f])",
].join("|");
const ISO = "\\d{4}-\\d{2}-\\d{2}T\\d{2}:\\d{2}:\\d{2}(?:\\.\\d{1,9})?(?:Z|\\+00:00)";
/** Milliseconds since 1970, from 2017 to 2033. */
const EPOCH = "(?<![0-9a-zA-Z.])1[5-9]\\d{11}(?![0-9a-zA-Z])";
/** Frames of a stack in an error's text, as JSON: they name files and lines of whoever called, also without any wrapping. */
export const FRAMES = /(?:\\n {4}at (?:[^"\\]|\\[^n])*)+/g;

const ALL = new RegExp(`(${IDS})|(${ISO})|(${EPOCH})`, "g");

/**
 * Puts numbers for ids in the order in which they appear, and fixed values for times. Two recordings are the same when
 * their texts are: the same id in two places of one must be the same id in both places of the other.
 */
export function normalise(text: string): string {
  const seen = new Map<string, string>();
  const replace = (_match: string, id: string | undefined, iso: string | undefined): string => {
    if (id === undefined) return iso === undefined ? "1000000000000" : "<time>";
    let name = seen.get(id);
    if (name === undefined) seen.set(id, (name = `#${seen.size + 1}`));
    return name;
  };
  return text.replace(FRAMES, "<frames>").replace(ALL, replace);
}
