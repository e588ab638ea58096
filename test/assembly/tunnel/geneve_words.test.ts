// Options of Geneve that flows know (tun_metadata0 …): written from the frame's metadata behind the
// tunnel's own, and not refused for being critical.

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import * as drops from "../../../assembly/drops.ts";
import * as layout from "../../../assembly/layout.ts";
import { concat, hex, toHex, u16, u32 } from "../../support/octets.ts";
import { TunnelKernel } from "../../support/tunneler.ts";

const GENEVE = layout.ENCAPSULATION_GENEVE;
const FRAME = hex("ffffffffffff 020000000001 0806 0001");

let kernel: TunnelKernel;
let view: DataView;
beforeAll(async () => {
  kernel = await TunnelKernel.compile();
  view = new DataView(kernel.bytes.buffer);
});

/** tun_metadata0 … are these words of options: class, type, place. */
function mapWords(words: readonly (readonly [number, number, number])[]): void {
  const base = layout.CONTROL_TUNNEL_WORDS;
  kernel.bytes.fill(0, base, base + layout.TUNNEL_WORDS * layout.TUNNEL_WORD_STRIDE);
  for (const [number, [optionClass, type, place]] of words.entries()) {
    const at = base + number * layout.TUNNEL_WORD_STRIDE;
    view.setUint16(at + layout.TUNNEL_WORD_CLASS, optionClass, true);
    view.setUint8(at + layout.TUNNEL_WORD_TYPE, type);
    view.setUint8(at + layout.TUNNEL_WORD_PLACE, place);
    view.setUint32(at + layout.TUNNEL_WORD_USED, 1, true);
  }
}

/** The header before a frame whose metadata has these words, from the Geneve header on. */
function written(words: readonly (number | undefined)[], options = hex("")): string {
  kernel.setTunnel({ type: GENEVE, id: 1, udpPort: 6081, sourceLow: 1, sourceCount: 1, options });
  const header = kernel.write({ bytes: FRAME, hash: 0, words }, hex("")).slice(8);
  return toHex(header.subarray(0, header.length - FRAME.length));
}

describe("words that are fields", () => {
  beforeEach(() =>
    mapWords([
      [0x0102, 0x80, 0],
      [0x0102, 0x80, 2],
      [0x0103, 0x01, 0],
    ]),
  );

  it("are sent if the frame has them, as long as the last of an option needs", () => {
    expect(written([])).toBe("0000655800000100");
    expect(written([7])).toBe("0240655800000100" + "01028001" + "00000007");
    expect(written([undefined, 8])).toBe(
      "0440655800000100" + "01028003" + "0000000000000000" + "00000008",
    );
    expect(written([undefined, undefined, 9])).toBe("0200655800000100" + "01030101" + "00000009");
  });

  it("come behind the tunnel's own", () => {
    const own = hex("0107 02 01 0a0b0c0d");
    expect(written([7, undefined, 9], own)).toBe(
      "0640655800000100" + "010702010a0b0c0d" + "0102800100000007" + "0103010100000009",
    );
  });
});

describe("critical options", () => {
  const received = (options: Uint8Array) => {
    const head = concat([options.length / 4, 0x40, 0x65, 0x58], u32(0x100), options, FRAME);
    return concat(u16(1), u16(6081), u16(8 + head.length), [0, 0], head);
  };
  const read = (options: string) => kernel.read(GENEVE, received(hex(options)));

  it("are known where a field is a word of them", () => {
    mapWords([[0x0102, 0x80, 0]]);
    const refused = { drop: drops.DROP_TUNNEL_CRITICAL_OPTION };
    expect(read("01028001 00000007")).toMatchObject({ header: 24, id: 1 });
    expect(read("01028000 01030000")).toMatchObject({ header: 24 });
    expect(read("01028100")).toEqual(refused);
    expect(read("01038000")).toEqual(refused);
    expect(read("01028000 01038000")).toEqual(refused);
    mapWords([]);
    expect(read("01028000")).toEqual(refused);
  });
});
