// Geneve (RFC 8926 3.4) and its options (3.5). `geneve` is the address of the header, behind that
// of UDP; `option` that of an option.
//
//    0                      1         2          4     7          8
//   | version, option words | O C 0… | protocol | VNI | reserved | options … | what is carried
//
//    0       2      3              4
//   | class | type | 0 0 0, words | data |     the type's top bit: critical
//
// Reserved bits are sent as zero and ignored on receipt.

export const GENEVE_HEADER: u32 = 8;
/** Of an option, before its data. */
export const GENEVE_OPTION_HEADER: u32 = 4;
/** Most bytes of options: 63 words. */
export const GENEVE_OPTIONS_MOST: u32 = 252;

const VERSION: usize = 0;
const FLAGS: usize = 1;
const PROTOCOL: usize = 2;
const VNI: usize = 4;

const OPTION_CLASS: usize = 0;
const OPTION_TYPE: usize = 2;
const OPTION_LENGTH: usize = 3;

/** O: for the control plane of the endpoint, not to be passed on. */
const CONTROL: u32 = 0x80;
/** C: some option is critical. */
const CRITICAL: u32 = 0x40;
const OPTION_CRITICAL: u32 = 0x80;
const WORDS_MASK: u32 = 0x3f;
const OPTION_WORDS_MASK: u32 = 0x1f;
const VNI_SHIFT: u32 = 8;

export function geneveFits(room: u32): bool {
  return room >= GENEVE_HEADER;
}

/** Only version 0 is known. */
export function geneveVersion(geneve: usize): u32 {
  return load<u8>(geneve, VERSION) >> 6;
}
/** Bytes of all options. */
export function geneveOptionsLength(geneve: usize): u32 {
  return (<u32>load<u8>(geneve, VERSION) & WORDS_MASK) << 2;
}
export function geneveIsControl(geneve: usize): bool {
  return (<u32>load<u8>(geneve, FLAGS) & CONTROL) !== 0;
}
export function geneveHasCritical(geneve: usize): bool {
  return (<u32>load<u8>(geneve, FLAGS) & CRITICAL) !== 0;
}
/** EtherType of what is carried. */
export function geneveProtocol(geneve: usize): u32 {
  return bswap<u16>(load<u16>(geneve, PROTOCOL));
}
/** 24 bits. */
export function geneveVni(geneve: usize): u32 {
  return bswap<u32>(load<u32>(geneve, VNI)) >> VNI_SHIFT;
}

/** Whether `room` bytes hold the option at `option`, its data included. */
export function geneveOptionFits(option: usize, room: u32): bool {
  return room >= GENEVE_OPTION_HEADER && geneveOptionLength(option) <= room;
}
export function geneveOptionClass(option: usize): u32 {
  return bswap<u16>(load<u16>(option, OPTION_CLASS));
}
/** 8 bits, the critical bit among them. */
export function geneveOptionType(option: usize): u32 {
  return load<u8>(option, OPTION_TYPE);
}
export function geneveOptionIsCritical(option: usize): bool {
  return (<u32>load<u8>(option, OPTION_TYPE) & OPTION_CRITICAL) !== 0;
}
/** Bytes of the option, its own header included: 4 to 128. */
export function geneveOptionLength(option: usize): u32 {
  return GENEVE_OPTION_HEADER + ((<u32>load<u8>(option, OPTION_LENGTH) & OPTION_WORDS_MASK) << 2);
}
/** Whether the options fill these bytes exactly, as they must (RFC 8926 3.5). */
export function geneveOptionsFit(options: usize, bytes: u32): bool {
  while (bytes > 0) {
    if (!geneveOptionFits(options, bytes)) return false;
    const length = geneveOptionLength(options);
    options += length;
    bytes -= length;
  }
  return true;
}

/** Whether any of the options, which fit, is critical: what the C bit of a header must say. */
export function geneveOptionsAreCritical(options: usize, bytes: u32): bool {
  const end = options + bytes;
  while (options < end) {
    if (geneveOptionIsCritical(options)) return true;
    options += geneveOptionLength(options);
  }
  return false;
}

/** Writes an option without its data, of `bytes` bytes, a multiple of four up to 124. */
export function buildGeneveOption(option: usize, optionClass: u32, type: u32, bytes: u32): void {
  store<u16>(option, bswap<u16>(<u16>optionClass), OPTION_CLASS);
  store<u8>(option, <u8>type, OPTION_TYPE);
  store<u8>(option, <u8>(bytes >> 2), OPTION_LENGTH);
}

/** Writes the header before `options` bytes of options, which the caller writes. */
export function buildGeneve(
  geneve: usize,
  vni: u32,
  protocol: u32,
  options: u32,
  critical: bool,
): void {
  store<u8>(geneve, <u8>(options >> 2), VERSION);
  store<u8>(geneve, critical ? <u8>CRITICAL : 0, FLAGS);
  store<u16>(geneve, bswap<u16>(<u16>protocol), PROTOCOL);
  store<u32>(geneve, bswap<u32>(vni << VNI_SHIFT), VNI);
}
