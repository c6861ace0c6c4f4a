import type { Compressed } from "./compressor.js";

/** What compression did for the model calls of one user. */
export interface UserCompression {
  /** Model calls whose conversation was too large. */
  readonly compressed: number;
  /** Tokens that they would have been sent, and that they were sent. */
  readonly tokensBefore: number;
  readonly tokensAfter: number;
  /** Messages left out, added up over all calls. */
  readonly dropped: number;
}

/** Users whose figures are kept; the one that was not compressed for longest gives way. */
const MOST_USERS = 10_000;
const NONE: UserCompression = Object.freeze({ compressed: 0, tokensBefore: 0, tokensAfter: 0, dropped: 0 });

/** Figures by user and tenant, each shown to nobody else. */
export class UserFigures {
  readonly #by = new Map<string, UserCompression>();
  readonly #most: number;
  #forgot = false;

  constructor(most = MOST_USERS) {
    this.#most = most;
  }

  add(
    userId: string,
    tenantId: string | null,
    done: Pick<Compressed, "tokensBefore" | "tokensAfter" | "dropped">,
  ): void {
    const key = JSON.stringify([tenantId, userId]);
    const known = this.#by.get(key) ?? NONE;
    this.#by.delete(key);
    this.#by.set(key, {
      compressed: known.compressed + 1,
      tokensBefore: known.tokensBefore + done.tokensBefore,
      tokensAfter: known.tokensAfter + done.tokensAfter,
      dropped: known.dropped + done.dropped,
    });
    if (this.#by.size <= this.#most) return;
    this.#forgot = true;
    for (const oldest of this.#by.keys()) {
      this.#by.delete(oldest);
      break;
    }
  }

  /** Null where they may have been forgotten: unknown is not zero. */
  of(userId: string, tenantId: string | null): UserCompression | null {
    return this.#by.get(JSON.stringify([tenantId, userId])) ?? (this.#forgot ? null : NONE);
  }
}
