// The options of Geneve (RFC 8926 3.5) as flows see them: some words of some options are fields
// (tun_metadata0 …), as the configuration says (CONTROL_TUNNEL_WORDS).
//
// What is sent are the tunnel's own options, then those that fields are words of: each as long as
// the last of its fields needs, zero where no field is.

import {
  CONTROL_TUNNEL_WORDS,
  META_FLAGS,
  META_HAS_WORD0,
  META_WORDS,
  TUNNEL_WORD_CLASS,
  TUNNEL_WORD_PLACE,
  TUNNEL_WORD_STRIDE,
  TUNNEL_WORD_TYPE,
  TUNNEL_WORD_USED,
  TUNNEL_WORDS,
} from "../layout";
import { hasMetadata, metadataFlags, metadataOf, openMetadata } from "../state/tunnel_metadata";
import { tunnelOptions, tunnelOptionsBytes } from "../table/tunnels";
import {
  buildGeneveOption,
  GENEVE_OPTION_HEADER,
  geneveOptionClass,
  geneveOptionIsCritical,
  geneveOptionLength,
  geneveOptionType,
} from "../wire/geneve";

function entryOf(field: u32): usize {
  return <usize>CONTROL_TUNNEL_WORDS + <usize>field * TUNNEL_WORD_STRIDE;
}
function isMapped(entry: usize): bool {
  return load<u32>(entry, TUNNEL_WORD_USED) !== 0;
}
/** Class and type of the option a field is a word of. */
function optionOf(entry: usize): u32 {
  return ((<u32>load<u16>(entry, TUNNEL_WORD_CLASS)) << 8) | load<u8>(entry, TUNNEL_WORD_TYPE);
}
function placeOf(entry: usize): u32 {
  return load<u8>(entry, TUNNEL_WORD_PLACE);
}
function nameOf(option: usize): u32 {
  return (geneveOptionClass(option) << 8) | geneveOptionType(option);
}

/** Whether some field is a word of the option with this class and type. */
function isKnown(name: u32): bool {
  for (let field: u32 = 0; field < <u32>TUNNEL_WORDS; field++) {
    const entry = entryOf(field);
    if (isMapped(entry) && optionOf(entry) === name) return true;
  }
  return false;
}

/** Whether none of the options, which fit into `bytes`, is both critical and unknown here. */
export function areOptionsKnown(options: usize, bytes: u32): bool {
  const end = options + bytes;
  while (options < end) {
    if (geneveOptionIsCritical(options) && !isKnown(nameOf(options))) return false;
    options += geneveOptionLength(options);
  }
  return true;
}

/**
 * Notes in the packet's metadata what the options it came with, which fit into `bytes`, say of the
 * fields. An option that is shorter than a field needs does not say it; of two alike the last
 * counts.
 */
export function noteWords(record: usize, options: usize, bytes: u32): void {
  if (!hasMetadata()) return;
  const end = options + bytes;
  while (options < end) {
    noteOption(record, options);
    options += geneveOptionLength(options);
  }
}

function noteOption(record: usize, option: usize): void {
  const name = nameOf(option);
  const length = geneveOptionLength(option);
  for (let field: u32 = 0; field < <u32>TUNNEL_WORDS; field++) {
    const entry = entryOf(field);
    if (!isMapped(entry) || optionOf(entry) !== name) continue;
    const at = GENEVE_OPTION_HEADER + (placeOf(entry) << 2);
    if (at + 4 > length) continue;
    const metadata = openMetadata(record);
    store<u32>(metadata + ((<usize>field) << 2), load<u32>(option + at), META_WORDS);
    const flags = load<u16>(metadata, META_FLAGS);
    store<u16>(metadata, <u16>(flags | (META_HAS_WORD0 << field)), META_FLAGS);
  }
}

/** Bit n = tun_metadata n is set in the packet and mapped. */
function fieldsOf(record: usize): u32 {
  const flags = metadataFlags(record);
  let fields: u32 = 0;
  for (let field: u32 = 0; field < <u32>TUNNEL_WORDS; field++) {
    if ((flags & (META_HAS_WORD0 << field)) !== 0 && isMapped(entryOf(field))) {
      fields |= 1 << field;
    }
  }
  return fields;
}

/** Of these fields those that are words of the same option as the first of them. */
function sameOption(fields: u32): u32 {
  const name = optionOf(entryOf(ctz<u32>(fields)));
  let same: u32 = 0;
  for (let field: u32 = 0; field < <u32>TUNNEL_WORDS; field++) {
    if (((fields >> field) & 1) !== 0 && optionOf(entryOf(field)) === name) same |= 1 << field;
  }
  return same;
}

/** Words of data that an option needs for these fields of it. */
function wordsFor(fields: u32): u32 {
  let words: u32 = 0;
  for (let field: u32 = 0; field < <u32>TUNNEL_WORDS; field++) {
    if (((fields >> field) & 1) !== 0) words = max<u32>(words, placeOf(entryOf(field)) + 1);
  }
  return words;
}

/** Bytes of all options the packet is sent with: a multiple of four, 252 at most. */
export function optionsLength(tunnel: usize, record: usize): u32 {
  let bytes = tunnelOptionsBytes(tunnel);
  let fields = fieldsOf(record);
  while (fields !== 0) {
    const option = sameOption(fields);
    bytes += GENEVE_OPTION_HEADER + (wordsFor(option) << 2);
    fields &= ~option;
  }
  return bytes;
}

/** Writes optionsLength() bytes of options. */
export function writeOptions(tunnel: usize, at: usize, record: usize): void {
  const own = tunnelOptionsBytes(tunnel);
  memory.copy(at, tunnelOptions(tunnel), own);
  at += own;
  let fields = fieldsOf(record);
  while (fields !== 0) {
    const option = sameOption(fields);
    at += writeOption(at, option, metadataOf(record));
    fields &= ~option;
  }
}

/** Writes the option that these fields are words of; its length. */
function writeOption(at: usize, fields: u32, metadata: usize): u32 {
  const first = entryOf(ctz<u32>(fields));
  const bytes = wordsFor(fields) << 2;
  const type: u32 = load<u8>(first, TUNNEL_WORD_TYPE);
  buildGeneveOption(at, load<u16>(first, TUNNEL_WORD_CLASS), type, bytes);
  const data = at + GENEVE_OPTION_HEADER;
  memory.fill(data, 0, bytes);
  for (let field: u32 = 0; field < <u32>TUNNEL_WORDS; field++) {
    if (((fields >> field) & 1) === 0) continue;
    const word = load<u32>(metadata + ((<usize>field) << 2), META_WORDS);
    store<u32>(data + ((<usize>placeOf(entryOf(field))) << 2), word);
  }
  return GENEVE_OPTION_HEADER + bytes;
}
