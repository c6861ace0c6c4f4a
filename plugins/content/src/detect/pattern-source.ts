import { RE2JS } from "re2js";

/** Why a pattern cannot be used; null when it can. Nothing of the pattern is repeated. */
export function patternProblem(source: string, ignoreCase: boolean): string | null {
  const anchor = anchorIn(source);
  if (anchor !== null)
    return `"${anchor}" has no place in it: a text arrives in pieces, so nobody knows where it begins or ends`;
  try {
    const regex = compilePattern(source, ignoreCase);
    if (regex.matcher("").find()) return "it matches the empty text, so it would be found everywhere";
    return null;
  } catch (error) {
    const said = (error as { error?: unknown }).error;
    return `not a pattern of RE2: ${typeof said === "string" ? said : (error as Error).name}`;
  }
}

/** Compiles on an engine without back-tracking: the time grows with the text, whatever the pattern. */
export const compilePattern = (source: string, ignoreCase: boolean): RE2JS =>
  RE2JS.compile(source, ignoreCase ? RE2JS.CASE_INSENSITIVE : 0);

/** The first anchor outside of a class; null where there is none. */
function anchorIn(source: string): string | null {
  let inClass = false;
  for (let i = 0; i < source.length; i++) {
    const char = source.charAt(i);
    if (char === "\\") {
      const escaped = source.charAt(++i);
      if (!inClass && (escaped === "A" || escaped === "z" || escaped === "Z")) return `\\${escaped}`;
    } else if (inClass) inClass = char !== "]" || source.charAt(i - 1) === "[";
    else if (char === "[") {
      inClass = true;
      if (source.charAt(i + 1) === "^") i++;
    } else if (char === "^" || char === "$") return char;
  }
  return null;
}
