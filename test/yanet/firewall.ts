// The text of a firewall: sections of rules, one after another, and tables that rules look up.

import { parseRule, type Rule } from "./rule.ts";
import { Unsupported } from "./unsupported.ts";

export interface Section {
  readonly label: string;
  readonly rules: readonly Rule[];
}

export interface TableEntry {
  readonly prefix: string;
  readonly value: string | undefined;
}

export interface Firewall {
  readonly sections: readonly Section[];
  readonly tables: ReadonlyMap<string, readonly TableEntry[]>;
}

const TABLE = /^table\s+(\S+)\s+add\s+(\S+)(?:\s+(\S+))?$/;

export function parseFirewall(lines: readonly string[]): Firewall {
  const sections: { label: string; rules: Rule[] }[] = [];
  const tables = new Map<string, TableEntry[]>();
  let number = 0;
  for (const raw of lines) {
    const line = raw.replace(/#.*|\/\/.*/, "").trim();
    const [, name, prefix, value] = TABLE.exec(line) ?? [];
    if (line === "") continue;
    if (line.startsWith(":")) sections.push({ label: line.slice(1), rules: [] });
    else if (name !== undefined && prefix !== undefined) {
      tables.set(name, [...(tables.get(name) ?? []), { prefix, value: value?.replace(/^:/, "") }]);
    } else if (line.startsWith("add ")) {
      if (sections.length === 0) sections.push({ label: "BEGIN", rules: [] });
      number += 1;
      sections.at(-1)?.rules.push(parseRule(line, number));
    } else throw new Unsupported(`line '${line}' of a firewall`);
  }
  return { sections, tables };
}
