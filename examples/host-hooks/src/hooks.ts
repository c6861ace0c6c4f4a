import { defineHook } from "graphtap";

/** A ticket as it comes in. */
export interface Ticket {
  readonly id: string;
  readonly priority: "low" | "high";
  readonly text: string;
}

/** Fired for each new ticket; a tap may answer with a changed one. */
export const ticketTriage = defineHook.waterfall<Ticket>("acme.ticket.triage", {
  doc: "A ticket came in; may be changed.",
});
