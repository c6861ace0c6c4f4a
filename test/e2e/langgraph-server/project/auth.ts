import { Auth, HTTPException } from "@langchain/langgraph-sdk/auth";

/** Who may call: the token is the name. `ghost` is let in by the server, and known to nobody. */
const USERS = new Set(["alice", "mallory", "ghost"]);

export const auth = new Auth().authenticate(async (request: Request) => {
  const name = request.headers.get("authorization")?.replace("Bearer ", "") ?? "";
  if (!USERS.has(name)) throw new HTTPException(401, { message: "Who are you?" });
  return { identity: name, permissions: ["clerk"], tenant: "tenant-secret" };
});
