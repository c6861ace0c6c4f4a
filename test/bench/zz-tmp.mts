import { decisions } from "./cases/decisions.js";
import { measure, table } from "./harness.js";
console.log(table("x", await measure(decisions(41), () => {})));
