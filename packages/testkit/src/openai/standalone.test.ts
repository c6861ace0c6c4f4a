import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const here = fileURLToPath(new URL("../..", import.meta.url));
const start = (...args: string[]) =>
  spawn(
    process.execPath,
    ["--import", "tsx", "--conditions=@graphtap/source", `${here}src/openai-server.ts`, ...args],
    { cwd: here, stdio: ["ignore", "pipe", "pipe"] },
  );

it("runs as a process of its own and ends on SIGTERM", async () => {
  const folder = await mkdtemp(`${here}.standalone-`);
  try {
    await writeFile(
      `${folder}/script.mjs`,
      "export default (request) => ({ say: `you said ${request.messages.at(-1).content}` });",
    );
    const child = start("--script", `${folder}/script.mjs`);
    const [line] = (await once(createInterface(child.stdout), "line")) as [string];
    const { url } = JSON.parse(line) as { url: string };
    const response = await fetch(`${url}/chat/completions`, {
      method: "POST",
      body: JSON.stringify({ model: "m", messages: [{ role: "user", content: "hi" }] }),
    });
    const body = (await response.json()) as { choices: { message: { content: string } }[] };
    expect(body.choices[0]?.message.content).toBe("you said hi");
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  } finally {
    await rm(folder, { recursive: true });
  }
}, 60_000);

it("says what is wrong with its arguments", async () => {
  const child = start("--port", "nine");
  const [text] = (await once(child.stderr, "data")) as [Buffer];
  expect(text.toString()).toContain("--port nine is not a port");
  const [code] = (await once(child, "exit")) as [number];
  expect(code).toBe(1);
}, 60_000);
