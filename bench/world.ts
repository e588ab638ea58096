// The router that is measured: two ports, 64 gateways of each family behind the second, and a
// routing table whose prefixes are spread over them.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseConfiguration } from "../src/config/configuration.ts";
import type { Model } from "../src/config/model.ts";
import { hashWords } from "./random.ts";
import { type Family, type PrefixTable, prefixText, wordsPerPrefix } from "./routes.ts";

export const GATEWAYS = 64;
export const ROUTER_MAC = Uint8Array.of(2, 0, 0, 0, 0, 1);
export const SENDER_MAC = Uint8Array.of(2, 0, 0, 0, 0, 0xa2);

function gatewayAddress(family: Family, number: number): string {
  return family === 4 ? `198.18.1.${number + 1}` : `2001:2:0:2::${(number + 1).toString(16)}`;
}

function gatewayMac(number: number): string {
  return `02:00:00:00:01:${number.toString(16).padStart(2, "0")}`;
}

/** The gateway of a prefix follows from the prefix alone. */
export function gatewayOf(table: PrefixTable, place: number): number {
  const each = wordsPerPrefix(table.family);
  const words = table.words.subarray(place * each, (place + 1) * each);
  return hashWords(table.lengths[place]!, ...words) % GATEWAYS;
}

/** Writes one route file for each gateway of the table's family; returns their names. */
function writeRouteFiles(folder: string, table: PrefixTable): string[] {
  const lines = Array.from({ length: GATEWAYS }, (): string[] => []);
  for (let place = 0; place < table.lengths.length; place++) {
    lines[gatewayOf(table, place)]!.push(prefixText(table, place));
  }
  return lines.map((prefixes, gateway) => {
    const name = `routes${table.family}-${gateway}.txt`;
    writeFileSync(join(folder, name), `${prefixes.join("\n")}\n`);
    return name;
  });
}

/**
 * Writes the router's configuration with its route files into a folder, and reads it back as users'
 * configurations are read.
 */
export function buildRouter(folder: string, tables: readonly PrefixTable[], queues: number): Model {
  mkdirSync(folder, { recursive: true });
  const routes = tables.reduce((sum, table) => sum + table.lengths.length, 0);
  const lines = [
    "version: 1",
    `engine: { queues: ${queues}, limits: { routes: ${routes + 100_000}, next_hops: 1024 } }`,
    "ports:",
    '  lan: { device: "pcap:", mac: "02:00:00:00:00:01",',
    '    addresses: [198.19.0.1/16, "2001:2:0:1::1/64"] }',
    '  wan: { device: "pcap:", mac: "02:00:00:00:00:02",',
    '    addresses: [198.18.0.1/16, "2001:2:0:2:ffff::1/64"] }',
    "neighbors:",
  ];
  for (const { family } of tables) {
    for (let number = 0; number < GATEWAYS; number++) {
      const ip = gatewayAddress(family, number);
      lines.push(`  - { port: wan, ip: "${ip}", mac: "${gatewayMac(number)}" }`);
    }
  }
  lines.push("route_files:");
  for (const table of tables) {
    for (const [number, name] of writeRouteFiles(folder, table).entries()) {
      lines.push(`  - { file: ${name}, via: "${gatewayAddress(table.family, number)}" }`);
    }
  }
  const file = join(folder, `router-${queues}.yaml`);
  const text = `${lines.join("\n")}\n`;
  writeFileSync(file, text);
  return parseConfiguration(text, file);
}
