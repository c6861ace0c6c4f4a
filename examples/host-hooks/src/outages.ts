import { definePlugin } from "graphtap";
import { ticketTriage } from "./hooks.js";

/** Raises the priority of tickets that speak of an outage. Knows the host only by the hook it exports. */
export const outages = definePlugin({
  name: "acme-outages",
  version: "1.0.0",
  setup(api) {
    api.tap(ticketTriage, (ticket) => {
      if (!/outage|down/i.test(ticket.text)) return;
      api.log.info("outage reported", { ticket: ticket.id });
      return { ...ticket, priority: "high" };
    });
  },
});
