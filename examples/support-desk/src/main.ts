import { runDesk } from "./desk.js";
import { openProvider } from "./provider.js";
import { Terminal } from "./terminal.js";

const { NO_COLOR = "", FORCE_COLOR = "", COLUMNS } = process.env;
// no-color.org: set to anything but the empty text.
const color = NO_COLOR === "" && (process.stdout.isTTY || !["", "0"].includes(FORCE_COLOR));
// A pipe has no columns; who knows better says so.
const width = Math.min(120, process.stdout.columns ?? (Number(COLUMNS) || 100));
await runDesk(await openProvider(), new Terminal((text) => process.stdout.write(text), color, width));
