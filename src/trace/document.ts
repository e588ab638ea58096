// Parts of a configuration on one line: YAML's flow style, so that it can be copied into a file.

/** Words, numbers, prefixes; ranges and flags begin with a letter or digit, or a sign. */
const PLAIN = /^[\w.+-][\w./+-]*$/;
/** Words that YAML reads as something else than a string. */
const RESERVED = /^(true|false|yes|no|on|off|null|y|n|[-+]?\.(inf|nan))$/i;
/** "ipv4_src . tcp_dst" */
const CONCATENATION = /^\w+( \. \w+)+$/;

/** "{ in_port: lan, tcp_dst: [22, 443] }" */
export function inlineText(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(inlineText).join(", ")}]`;
  if (typeof value !== "object" || value === null) return scalarText(value);
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  if (entries.length === 0) return "{}";
  const parts = entries.map(([key, part]) => `${scalarText(key)}: ${inlineText(part)}`);
  return `{ ${parts.join(", ")} }`;
}

function scalarText(value: unknown): string {
  if (typeof value !== "string") return String(value);
  const isPlain = PLAIN.test(value) && !RESERVED.test(value);
  // A number that is written as text ("0x0800") means the same to the configuration either way.
  return isPlain || CONCATENATION.test(value) ? value : JSON.stringify(value);
}
