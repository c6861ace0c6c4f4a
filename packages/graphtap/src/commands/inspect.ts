import type { Command } from "../cli/command.js";
import { demandReference, withStack } from "../stack/open.js";

export const inspect: Command = {
  name: "inspect",
  summary: "plugins, services, and the order of the taps of every hook",
  args: [],
  options: { mermaid: { type: "boolean", doc: "print a Mermaid flowchart" } },
  notes: "Exit code 1 when a plugin taps a hook that nobody fires.",
  run: ({ flags, io }) =>
    withStack(io, demandReference(io, flags), ({ stack }) => {
      const inspection = stack.inspect();
      return {
        exit: inspection.deadTaps.length > 0 ? 1 : 0,
        text: flags.on("mermaid") ? inspection.toMermaid() : inspection.toTree(),
        data: inspection.toJSON(),
      };
    }),
};
