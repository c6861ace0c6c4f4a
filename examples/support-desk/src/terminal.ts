const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  cyan: [36, 39],
  yellow: [33, 39],
} as const;
export type Style = keyof typeof STYLES;

/** Scenes on a terminal: a title, who says what, and what the plugins did about it. */
export class Terminal {
  readonly #write: (text: string) => void;
  readonly color: boolean;
  #scene = 0;

  constructor(write: (text: string) => void, color: boolean) {
    this.#write = write;
    this.color = color;
  }

  paint(style: Style, text: string): string {
    const [on, off] = STYLES[style];
    return this.color ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  }

  scene(title: string, total: number): void {
    this.#scene++;
    this.#write(`\n${this.paint("dim", `[${this.#scene}/${total}]`)} ${this.paint("bold", title)}\n`);
  }
  says(who: string, text: string, style: Style = "cyan"): void {
    this.#write(`  ${this.paint(style, who.padEnd(6))} ${text}\n`);
  }
  note(text: string, style: Style = "dim"): void {
    this.#write(`         ${this.paint(style, text)}\n`);
  }
  block(text: string): void {
    this.#write(`${text}\n`);
  }
}
