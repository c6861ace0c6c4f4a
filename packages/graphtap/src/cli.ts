#!/usr/bin/env node
import { main } from "./cli/main.js";
import { createModules, nodeHost } from "./stack/modules.js";

const writer =
  (stream: NodeJS.WriteStream) =>
  (text: string): void =>
    void stream.write(text.endsWith("\n") ? text : `${text}\n`);

// `graphtap why --list | head`: whoever reads no more is no failure, and the stack is still disposed.
for (const stream of [process.stdout, process.stderr])
  stream.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
  });

const cwd = process.cwd();
process.exitCode = await main(process.argv.slice(2), {
  out: writer(process.stdout),
  err: writer(process.stderr),
  env: process.env,
  cwd,
  terminal: { out: process.stdout.isTTY === true, err: process.stderr.isTTY === true },
  node: process.versions.node,
  modules: createModules(nodeHost(cwd)),
  now: () => performance.now(),
});

// The project's modules were imported for a look at them; a pool or a server that one of them opened must not keep this
// process alive. The timer does not either, and it starts when the output has been taken, however slowly that is read.
process.stdout.write("", () => setTimeout(() => process.exit(), 500).unref());
