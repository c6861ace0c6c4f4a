import { readdir, readFile } from "node:fs/promises";
import MiniSearch from "minisearch";

const FOLDER = new URL("../documents/", import.meta.url);

/** The help centre's articles, found by their words. */
export async function openLibrary() {
  const search = new MiniSearch<{ id: string; title: string; text: string }>({
    fields: ["title", "text"],
    storeFields: ["title", "text"],
    searchOptions: { boost: { title: 3 }, prefix: true, fuzzy: 0.2 },
  });
  for (const name of (await readdir(FOLDER)).filter((file) => file.endsWith(".md")).sort()) {
    const text = await readFile(new URL(name, FOLDER), "utf8");
    search.add({ id: name.replace(".md", ""), title: /^# (.*)$/m.exec(text)?.[1] ?? name, text });
  }
  return {
    invoke: async (question: string) =>
      search
        .search(question)
        .slice(0, 2)
        .map(({ id, title, text }) => ({
          pageContent: String(text),
          metadata: { source: `${id}.md`, title: String(title) },
        })),
  };
}
