// Tunnel fields as plain values: what is set of them, what the key shows, which Geneve options say
// them. Slow and obvious, beside assembly/state/tunnel_metadata.ts, action/set_tunnel.ts and
// tunnel/geneve_options.ts.

import * as layout from "../../assembly/layout.ts";
import type { GeneveWordModel } from "../../src/config/model.ts";

export interface SlowMetadata {
  readonly id: readonly number[];
  readonly source: readonly number[];
  readonly destination: readonly number[];
  readonly words: readonly (readonly number[])[];
  readonly has: ReadonlySet<string>;
}

const zeros = (bytes: number): number[] => new Array<number>(bytes).fill(0);

export const NOTHING: SlowMetadata = {
  id: zeros(8),
  source: zeros(16),
  destination: zeros(16),
  words: [zeros(4), zeros(4), zeros(4)],
  has: new Set(),
};

function masked(old: readonly number[], value: readonly number[], mask: readonly number[]) {
  return old.map((octet, i) => (octet & ~mask[i]!) | (value[i]! & mask[i]!));
}

/** An address of zeros is none. */
function withAddress(has: ReadonlySet<string>, name: string, address: readonly number[]) {
  const others = [...has].filter((one) => !one.startsWith(name));
  const family = address.slice(4).some((octet) => octet !== 0) ? 6 : 4;
  return new Set(address.some((octet) => octet !== 0) ? [...others, `${name}${family}`] : others);
}

/** What set_field makes of it; value and mask have 16 bytes. */
export function setTunnelField(
  of: SlowMetadata,
  field: number,
  value: readonly number[],
  mask: readonly number[],
): SlowMetadata {
  if (field === layout.FIELD_TUNNEL_ID) {
    return { ...of, id: masked(of.id, value, mask), has: new Set([...of.has, "id"]) };
  }
  if (field === layout.FIELD_TUNNEL_SRC) {
    const source = masked(of.source, value, mask);
    return { ...of, source, has: withAddress(of.has, "source", source) };
  }
  if (field === layout.FIELD_TUNNEL_DST) {
    const destination = masked(of.destination, value, mask);
    return { ...of, destination, has: withAddress(of.has, "destination", destination) };
  }
  const number = field - layout.FIELD_TUN_METADATA;
  const words = of.words.map((word, i) => (i === number ? masked(word, value, mask) : word));
  return { ...of, words, has: new Set([...of.has, `word${number}`]) };
}

/** What a packet has come by. */
export function received(
  id: readonly number[] | undefined,
  source: readonly number[],
  destination: readonly number[],
): SlowMetadata {
  const family = source.length === 4 ? 4 : 6;
  const padded = (ip: readonly number[]) => [...ip, ...zeros(16 - ip.length)];
  const has = [`source${family}`, `destination${family}`, ...(id ? ["id"] : [])];
  return {
    ...NOTHING,
    id: id ?? zeros(8),
    source: padded(source),
    destination: padded(destination),
    has: new Set(has),
  };
}

/** What an answer to a packet with this metadata has. */
export function answered({ id, source, destination, has }: SlowMetadata): SlowMetadata {
  const turned = [...has].flatMap((name) => {
    if (name === "id") return [name];
    if (name.startsWith("source")) return [name.replace("source", "destination")];
    return name.startsWith("destination") ? [name.replace("destination", "source")] : [];
  });
  return { ...NOTHING, id, source: destination, destination: source, has: new Set(turned) };
}

/** The blocks of the key that hold tunnel fields, as bytes by offset. */
export function keyPlaces(of: SlowMetadata): readonly (readonly [number, readonly number[]])[] {
  return [
    [layout.KEY_TUNNEL_ID, of.id],
    [layout.KEY_TUNNEL_SRC, of.source],
    [layout.KEY_TUNNEL_DST, of.destination],
    [layout.KEY_TUN_METADATA, of.words.flat()],
  ];
}

export interface SlowOption {
  readonly optionClass: number;
  readonly type: number;
  readonly data: readonly number[];
}

export function optionBytes(options: readonly SlowOption[]): number[] {
  return options.flatMap(({ optionClass, type, data }) => [
    optionClass >> 8,
    optionClass & 255,
    type,
    data.length / 4,
    ...data,
  ]);
}

/** The options that say the words that are set, in the order of their first fields. */
export function optionsFor(
  { words, has }: SlowMetadata,
  mapping: readonly (GeneveWordModel | undefined)[],
): SlowOption[] {
  const options = new Map<
    string,
    { optionClass: number; type: number; words: Map<number, number[]> }
  >();
  for (const [number, mapped] of mapping.entries()) {
    if (mapped === undefined || !has.has(`word${number}`)) continue;
    const { optionClass, type, word } = mapped;
    const option = options.get(`${optionClass}:${type}`) ?? { optionClass, type, words: new Map() };
    option.words.set(word, [...words[number]!]);
    options.set(`${optionClass}:${type}`, option);
  }
  return [...options.values()].map((option) => {
    const last = Math.max(...option.words.keys());
    const data = Array.from({ length: last + 1 }, (_, i) => option.words.get(i) ?? zeros(4)).flat();
    return { optionClass: option.optionClass, type: option.type, data };
  });
}

/** What options say of the words. */
export function withOptions(
  of: SlowMetadata,
  mapping: readonly (GeneveWordModel | undefined)[],
  options: readonly SlowOption[],
): SlowMetadata {
  const words = of.words.map((word) => [...word]);
  const has = new Set(of.has);
  for (const { optionClass, type, data } of options) {
    for (const [number, mapped] of mapping.entries()) {
      if (mapped?.optionClass !== optionClass || mapped.type !== type) continue;
      const found = data.slice(mapped.word * 4, mapped.word * 4 + 4);
      if (found.length < 4) continue;
      words[number] = found;
      has.add(`word${number}`);
    }
  }
  return { ...of, words, has };
}
