import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { serverAuthMissing } from "../errors.js";
import type { Config } from "./envelope.js";
import type { ResolvedWho } from "./who.js";

/** Turns the config a server made into an identity. Installed by the host; nothing else reads one from data. */
export interface IdentityResolver {
  readonly name: string;
  /** Runs at boot; a rejection fails the boot. */
  boot?(): void | Promise<void>;
  /** Null: nobody is known; the run is refused. A throw refuses it too. */
  resolve(config: Config): ResolvedWho | null | Promise<ResolvedWho | null>;
}

/** The user that LangGraph Server's auth handler returned. */
export interface ServerUser {
  readonly identity: string;
  readonly permissions?: readonly string[];
  readonly [key: string]: unknown;
}

/** Options of {@link fromLangGraphServer}. */
export interface LangGraphServerOptions {
  /** Default: `userId` from `identity`, roles from `permissions`. Null: nobody is known. */
  readonly map?: (user: ServerUser) => ResolvedWho | null;
  /** `proxy`: a gateway authenticates callers and strips `langgraph_auth_user` from what they send. */
  readonly verifiedBy?: "proxy";
  /** Folder of langgraph.json. Default: the working directory. */
  readonly cwd?: string;
}

/**
 * Takes the identity that LangGraph Server's own auth handler set. Refuses at boot where the server has none: then a
 * client may send any `langgraph_auth_user` it likes.
 *
 * @example
 * createStack({ identity: fromLangGraphServer({ map: (u) => ({ userId: u.identity, roles: u.permissions ?? [] }) }) });
 * @throws GraphTapError SERVER_AUTH_MISSING at boot.
 */
export function fromLangGraphServer(options: LangGraphServerOptions = {}): IdentityResolver {
  const map =
    options.map ?? ((user: ServerUser): ResolvedWho => ({ userId: user.identity, roles: user.permissions ?? [] }));
  return {
    name: "langgraph-server",
    async boot() {
      if (options.verifiedBy === "proxy") return;
      const folder = options.cwd ?? process.cwd();
      const text = await readFile(join(folder, "langgraph.json"), "utf8").catch(() => null);
      // "langgraphjs dev --config elsewhere" does not change the working directory.
      if (text === null)
        throw serverAuthMissing(
          `langgraph.json was not found in ${folder}; another folder is fromLangGraphServer({ cwd })`,
        );
      let auth: unknown;
      try {
        auth = (JSON.parse(text) as { auth?: { path?: unknown } }).auth?.path;
      } catch (error) {
        throw serverAuthMissing("langgraph.json is no JSON", error);
      }
      if (typeof auth !== "string" || auth === "") throw serverAuthMissing('langgraph.json has no "auth"');
    },
    resolve(config) {
      const user: unknown = config.configurable?.["langgraph_auth_user"];
      if (typeof user !== "object" || user === null || typeof (user as ServerUser).identity !== "string") return null;
      return map(user as ServerUser);
    },
  };
}
