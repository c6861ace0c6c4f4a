import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect, it } from "vitest";

it("runs every kind of hook where code generation from strings is forbidden", async () => {
  const program = fileURLToPath(new URL("fixtures/every-kind.ts", import.meta.url));
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ["--disallow-code-generation-from-strings", "--import", "tsx", program],
    { cwd: fileURLToPath(new URL("..", import.meta.url)) },
  );
  expect(stdout.trim().split("\n")).toEqual([
    "eval is off",
    "series undefined",
    "sync undefined",
    "waterfall 3",
    "bail found",
    "around 4",
    'collect [{"plugin":"all","status":"ok","value":5}]',
    "guard allow",
    "reserve true",
  ]);
}, 60_000);
