// A WebAssembly module as far as its sections tell (WebAssembly core specification, 5.5).

export const SECTION_IMPORT = 2;
export const SECTION_TABLE = 4;
export const SECTION_ELEMENT = 9;
export const SECTION_DATA = 11;
export const SECTION_DATA_COUNT = 12;

export interface Section {
  readonly id: number;
  readonly bytes: Uint8Array;
}

/** An unsigned LEB128 number, and the place behind it. */
function unsigned(bytes: Uint8Array, at: number): [value: number, next: number] {
  let value = 0;
  let next = at;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[next++] as number;
    value += (byte & 127) * 2 ** shift;
    if (byte < 128) return [value, next];
  }
}

export function sectionsOf(module: Uint8Array): Section[] {
  const sections: Section[] = [];
  let at = 8;
  while (at < module.length) {
    const id = module[at] as number;
    const [size, start] = unsigned(module, at + 1);
    sections.push({ id, bytes: module.subarray(start, start + size) });
    at = start + size;
  }
  return sections;
}

/** How many entries a section that is a vector has; 0 when it is not there. */
export function entriesOf(sections: readonly Section[], id: number): number {
  const section = sections.find((candidate) => candidate.id === id);
  return section === undefined ? 0 : unsigned(section.bytes, 0)[0];
}
