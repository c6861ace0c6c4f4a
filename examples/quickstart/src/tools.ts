import { tool } from "@langchain/core/tools";
import { z } from "zod";

interface Order {
  readonly status: string;
  readonly total: string;
  refunded: boolean;
}

/** The shop's two tools, over orders that live as long as the process. */
export function shopTools() {
  const orders = new Map<string, Order>([
    ["A-17", { status: "delivered on Tuesday", total: "42.00 EUR", refunded: false }],
    ["B-20", { status: "on its way, due tomorrow", total: "17.50 EUR", refunded: false }],
  ]);
  const orderId = z.string().describe("The order's number, such as A-17");
  const lookup = tool(
    ({ orderId: id }) => {
      const order = orders.get(id);
      return order === undefined
        ? `There is no order ${id}.`
        : `Order ${id}: ${order.status}, ${order.total}${order.refunded ? ", paid back" : ""}.`;
    },
    { name: "lookup_order", description: "Say where an order is and what it cost.", schema: z.object({ orderId }) },
  );
  const refund = tool(
    ({ orderId: id }) => {
      const order = orders.get(id);
      if (order === undefined) return `There is no order ${id}.`;
      order.refunded = true;
      return `Paid back ${order.total} for order ${id}.`;
    },
    { name: "refund", description: "Pay an order back.", schema: z.object({ orderId }) },
  );
  return [lookup, refund] as const;
}
