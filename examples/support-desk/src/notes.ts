import { compositionHooks, definePlugin, defineService } from "graphtap";

const MOST = 100;

/** What the desk's own plugin remembers for the screen. */
export class Notes {
  readonly #chosen: string[] = [];
  readonly runs: string[] = [];

  chose(text: string): void {
    this.#chosen.push(text);
    if (this.#chosen.length > MOST) this.#chosen.shift();
  }
  ended(runId: string): void {
    this.runs.push(runId);
    if (this.runs.length > MOST) this.runs.shift();
  }
  /** What was chosen since the last question. */
  takeChosen(): readonly string[] {
    return this.#chosen.splice(0);
  }
}
const DeskNotes = defineService<Notes>()("desk-notes");

/** A plugin of the host's own: it taps a hook of another plugin, and provides what it saw. */
export const deskNotes = definePlugin({
  name: "desk-notes",
  version: "1.0.0",
  identity: "none",
  provides: [DeskNotes],
  setup(api) {
    const notes = new Notes();
    api.provide(DeskNotes, notes);
    api.tap(compositionHooks.selected, ({ workflow, rule, use }) =>
      notes.chose(`${workflow}: ${rule === null ? "no rule held, so it was" : `rule "${rule}" chose`} "${use}"`),
    );
  },
});
