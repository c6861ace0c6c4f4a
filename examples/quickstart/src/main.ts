import { openProvider } from "./provider.js";
import { quickstart } from "./quickstart.js";
import { Screen } from "./screen.js";

const colour =
  process.env["NO_COLOR"] === undefined && (process.stdout.isTTY || process.env["FORCE_COLOR"] !== undefined);
await quickstart(await openProvider(), new Screen((text) => process.stdout.write(text), colour));
