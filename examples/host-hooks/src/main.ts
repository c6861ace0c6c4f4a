import { createDesk } from "./desk.js";
import { outages } from "./outages.js";

const desk = createDesk([outages()]);
for (const text of ["How do I change my address?", "Everything is down in the EU region!"]) {
  const ticket = await desk.open(String(text.length), text);
  console.log(`${ticket.priority.padEnd(4)}  ${ticket.text}`);
}
console.log(`\n${desk.stack.inspect().toTree()}`);
await desk.stack.dispose();
