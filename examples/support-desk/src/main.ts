import { runDesk } from "./desk.js";
import { openProvider } from "./provider.js";
import { Terminal } from "./terminal.js";

const { NO_COLOR, FORCE_COLOR } = process.env;
const color = NO_COLOR === undefined && (process.stdout.isTTY || FORCE_COLOR !== undefined);
const width = Math.min(120, process.stdout.columns ?? 100);
await runDesk(await openProvider(), new Terminal((text) => process.stdout.write(text), color), width);
