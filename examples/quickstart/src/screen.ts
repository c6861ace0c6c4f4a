const COLOURS = ["\x1b[36m", "\x1b[35m", "\x1b[33m"] as const;
const DIM = "\x1b[2m";
const BOLD = "\x1b[1m";
const RESET = "\x1b[0m";

interface Speaker {
  /** Written when it is this speaker's turn. */
  waiting: string;
  /** In the middle of a line. */
  midLine: boolean;
}

/**
 * Several speakers on one terminal. One of them has the floor and is seen as it speaks; what the others say meanwhile
 * waits until the floor is free.
 */
export class Screen {
  readonly #write: (text: string) => void;
  readonly #colour: boolean;
  readonly #speakers = new Map<string, Speaker>();
  #floor: string | null = null;

  constructor(write: (text: string) => void, colour: boolean) {
    this.#write = write;
    this.#colour = colour;
  }

  /** Adds to what a speaker says, as it arrives. */
  say(name: string, text: string): void {
    if (text === "") return;
    const speaker = this.#speaker(name);
    this.#out(name, speaker.midLine ? text : `${this.#label(name)}${text}`);
    speaker.midLine = true;
  }

  /** A line of its own about somebody, such as a question or a tool call. */
  note(name: string, text: string): void {
    this.#newLine(name);
    this.#out(name, `${this.#label(name)}${this.#paint(DIM, text)}\n`);
  }

  /** The speaker's answer is over: the floor is free. */
  done(name: string): void {
    this.#newLine(name);
    if (this.#floor !== name) return;
    this.#floor = null;
    for (const [next, speaker] of this.#speakers) {
      if (speaker.waiting === "") continue;
      this.#write(speaker.waiting);
      speaker.waiting = "";
      if (!speaker.midLine) continue;
      this.#floor = next;
      return;
    }
  }

  /** A heading. */
  title(text: string): void {
    this.#write(`\n${this.#paint(BOLD, text)}\n`);
  }

  /** Plain text. */
  print(text: string): void {
    this.#write(`${text}\n`);
  }

  #speaker(name: string): Speaker {
    let speaker = this.#speakers.get(name);
    if (speaker === undefined) this.#speakers.set(name, (speaker = { waiting: "", midLine: false }));
    return speaker;
  }

  #newLine(name: string): void {
    const speaker = this.#speaker(name);
    if (!speaker.midLine) return;
    this.#out(name, "\n");
    speaker.midLine = false;
  }

  #out(name: string, text: string): void {
    this.#floor ??= name;
    if (this.#floor === name) this.#write(text);
    else this.#speaker(name).waiting += text;
  }

  #label(name: string): string {
    const at = [...this.#speakers.keys()].indexOf(name);
    return `${this.#paint(COLOURS[at % COLOURS.length] as string, name.padEnd(6))} `;
  }

  #paint(code: string, text: string): string {
    return this.#colour ? `${code}${text}${RESET}` : text;
  }
}
