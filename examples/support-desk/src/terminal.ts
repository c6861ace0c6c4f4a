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
  readonly width: number;
  #scene = 0;

  constructor(write: (text: string) => void, color: boolean, width = 100) {
    this.#write = write;
    this.color = color;
    this.width = width;
  }

  paint(style: Style, text: string): string {
    const [on, off] = STYLES[style];
    return this.color ? `\x1b[${on}m${text}\x1b[${off}m` : text;
  }

  scene(title: string, total: number): void {
    this.#scene++;
    const place = `[${this.#scene}/${total}]`;
    this.#write(`\n${this.paint("dim", place)} ${this.#fold(title, place.length + 1, "bold")}\n`);
  }
  says(who: string, text: string, style: Style = "cyan"): void {
    this.#write(`  ${this.paint(style, who.padEnd(6))} ${this.#fold(text, 9)}\n`);
  }
  note(text: string, style: Style = "dim"): void {
    this.#write(`         ${this.#fold(text, 9, style)}\n`);
  }
  line(text: string): void {
    this.#write(`${this.#fold(text, 0)}\n`);
  }
  /** Text that has its lines already. */
  block(text: string): void {
    this.#write(`${text}\n`);
  }

  /** Breaks between words, so that a narrow terminal does not break within them; what follows stands under the first. */
  #fold(text: string, indent: number, style: Style | null = null): string {
    const lines = text.split("\n").flatMap((line) => {
      const folded: string[] = [];
      let open = "";
      for (const word of line.split(" ")) {
        if (open !== "" && indent + open.length + 1 + word.length > this.width) {
          folded.push(open);
          open = word;
        } else open = open === "" ? word : `${open} ${word}`;
      }
      return [...folded, open];
    });
    return lines.map((line) => (style === null ? line : this.paint(style, line))).join(`\n${" ".repeat(indent)}`);
  }
}
