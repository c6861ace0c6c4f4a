type Env = Readonly<Record<string, string | undefined>>;

/**
 * Whether text for a stream may be coloured. FORCE_COLOR decides where it is set (0 and false: no), then NO_COLOR (any
 * text: no), then whether the stream is a terminal; the same order as Node's own.
 */
export function wantsColor(env: Env, isTerminal: boolean): boolean {
  const { FORCE_COLOR: force, NO_COLOR: no } = env;
  if (force !== undefined) return force !== "0" && force !== "false";
  if (no !== undefined && no !== "") return false;
  return isTerminal && env["TERM"] !== "dumb";
}

const CODES = { bold: [1, 22], dim: [2, 22], red: [31, 39], green: [32, 39], yellow: [33, 39] } as const;

export type Tint = keyof typeof CODES;
export type Paint = (tint: Tint, text: string) => string;

/** Colours text, or leaves it as it is. */
export const painter =
  (color: boolean): Paint =>
  (tint, text) => {
    if (!color) return text;
    const [on, off] = CODES[tint];
    return `\u001B[${on}m${text}\u001B[${off}m`;
  };
