import { createStack, type PluginInput } from "graphtap";
import { type Ticket, ticketTriage } from "./hooks.js";

/** A help desk that lets plugins triage its tickets. */
export function createDesk(plugins: readonly PluginInput[]) {
  // Declared as fired by this host: inspect() then marks taps on hooks that nobody fires.
  const stack = createStack({ name: "desk", hooks: [ticketTriage], plugins });
  return {
    stack,
    open: (id: string, text: string): Ticket | Promise<Ticket> =>
      stack.call(ticketTriage, { id, priority: "low", text }),
  };
}
