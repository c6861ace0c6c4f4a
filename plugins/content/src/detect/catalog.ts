import type { ContentKind } from "../keys.js";
import { bearerRule, jwtRule, urlPasswordRule } from "./bearer.js";
import { credentialRule } from "./credential.js";
import { emailRule } from "./email.js";
import { cardRule, ibanRule, phoneRule, ssnRule } from "./numbers.js";
import { privateKeyRule } from "./private-key.js";
import type { Rule } from "./rule.js";
import { tokenRules } from "./tokens.js";

/** Every detector that comes with the package. */
export const RULES: readonly Rule[] = Object.freeze([
  privateKeyRule,
  ...tokenRules,
  jwtRule,
  bearerRule,
  urlPasswordRule,
  credentialRule,
  cardRule,
  ibanRule,
  ssnRule,
  emailRule,
  phoneRule,
]);

export const RULE_IDS: ReadonlySet<string> = new Set(RULES.map(({ id }) => id));
export const KIND_OF: ReadonlyMap<string, ContentKind> = new Map(RULES.map(({ id, kind }) => [id, kind]));
