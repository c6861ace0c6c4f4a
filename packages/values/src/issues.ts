/** What is wrong with a value at a place, as zod and others tell it. */
interface Issue {
  readonly path: readonly PropertyKey[];
  readonly message: string;
}

/**
 * One line per issue: where, and what was expected. Never the value.
 *
 * @param root what the value as a whole is called
 * @example issueLines(parsed.error.issues, "argument"); // "limit: Too small: expected number to be >0"
 */
export const issueLines = (issues: readonly Issue[], root: string): string =>
  issues.map(({ path, message }) => `${path.map(String).join(".") || root}: ${message}`).join("\n");
