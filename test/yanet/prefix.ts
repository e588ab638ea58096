// Prefixes as units write them.

import { parsePrefix } from "../../src/config/address.ts";
import type { Prefix } from "../../src/config/model.ts";
import { Unsupported } from "./unsupported.ts";

/** An address alone is a prefix of its whole length. */
export function prefixOf(text: string): Prefix {
  const prefix = parsePrefix(text) ?? parsePrefix(`${text}/${text.includes(":") ? 128 : 32}`);
  if (prefix === undefined) throw new Unsupported(`prefix '${text}'`);
  return prefix;
}
