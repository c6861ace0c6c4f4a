/** A provider in a process of its own, so that its CPU is not counted: asks for the tool ten times, then answers. */
import { openAIServer } from "@graphtap/testkit";

const server = await openAIServer({
  keep: 1,
  script({ messages }) {
    const done = messages.filter(({ role }) => role === "tool").length;
    return done < 10 ? { call: { name: "search", args: { q: `question ${done}` } } } : { say: "done" };
  },
});
process.on("disconnect", () => process.exit());
process.send?.(server.url);
