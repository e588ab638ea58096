// What helpers read in FTP and write anew, beside regular expressions that do the same.

import { beforeAll, describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { formatIp, parseIp } from "../../src/config/address.ts";
import { compileKernel, instantiate, newMemory } from "../support/compile.ts";
import { ip } from "../support/octets.ts";
import { Random } from "../support/random.ts";
import {
  type Announcement,
  type Reading,
  readSlowly,
  UNREADABLE,
  writeSlowly,
} from "../twin/announcement.ts";

interface Value {
  readonly value: number;
}

interface HelperExports {
  readonly form: Value;
  readonly announcedPort: Value;
  readonly textStart: Value;
  readonly textLength: Value;
  openDirectory(worker: number): number;
  readAnnouncement(line: number, length: number, isAnswer: boolean, family: number): number;
  writeAnnouncement(
    at: number,
    form: number,
    address: number,
    family: number,
    port: number,
  ): number;
  isLineBeginning(ends: number, reply: boolean, sequence: number): number;
  noteLineEnd(ends: number, reply: boolean, sequence: number): void;
}

const WORKER = 0x20000;
const LINE = 0x80000;
const ADDRESS = 0x81000;
const TEXT = 0x82000;
const FORMS = ["", "commas", "bars", "port"] as const;

let helper: HelperExports;
let bytes: Uint8Array;
beforeAll(async () => {
  const memory = newMemory(16);
  helper = instantiate(await compileKernel("test/assembly/helper_entry.ts"), memory);
  bytes = new Uint8Array(memory.buffer);
  const view = new DataView(memory.buffer);
  view.setUint32(layout.CONTROL_MAGIC, layout.LAYOUT_MAGIC, true);
  view.setUint32(layout.CONTROL_VERSION, layout.LAYOUT_VERSION, true);
  view.setUint32(layout.CONTROL_QUEUES, 1, true);
  view.setUint32(layout.CONTROL_REGIONS + layout.REGION_WORKERS * 4, WORKER, true);
  if (helper.openDirectory(0) === 0) throw new Error("the memory is of another layout");
});

function read(line: string, isAnswer: boolean, family: 4 | 6): Reading {
  bytes.fill(0x2c, LINE, LINE + 512);
  bytes.set(Buffer.from(line, "latin1"), LINE);
  const outcome = helper.readAnnouncement(LINE, line.length, isAnswer, family);
  if (outcome === 0) return undefined;
  if (outcome === 2) return UNREADABLE;
  const form = FORMS[helper.form.value] as Announcement["form"];
  const start = helper.textStart.value;
  const at = WORKER + layout.WORKER_HELPER_ADDRESS;
  const size = form === "commas" ? 4 : family === 4 ? 4 : 16;
  const address = form === "port" ? undefined : formatIp(bytes.slice(at, at + size));
  const text = line.slice(start, start + helper.textLength.value);
  return { form, address, port: helper.announcedPort.value, text, start };
}

function slowly(line: string, isAnswer: boolean, family: 4 | 6): Reading {
  const reading = readSlowly(line, isAnswer, family);
  if (reading === undefined || reading === UNREADABLE) return reading;
  const { address } = reading;
  return {
    ...reading,
    address: address === undefined ? undefined : formatIp(parseIp(address) as Uint8Array),
  };
}

function write(form: Announcement["form"], address: string, port: number): string {
  bytes.set(ip(address), ADDRESS);
  const family = address.includes(":") ? 6 : 4;
  const length = helper.writeAnnouncement(TEXT, FORMS.indexOf(form), ADDRESS, family, port);
  return Buffer.from(bytes.slice(TEXT, TEXT + length)).toString("latin1");
}

describe("lines", () => {
  it.each([
    ["PORT 10,0,0,2,156,65\r\n", "10.0.0.2", 40_001],
    ["port   10,0,0,2,156,65\r\n", "unreadable", 0],
    ["PORTS 10,0,0,2,156,65\r\n", "10.0.0.2", 40_001],
    ["PORT 10,0,0,2,156\r\n", "unreadable", 0],
    ["PORT 10,0,0,2,156,65,7\r\n", "unreadable", 0],
    ["PORT 10,0,0,2,256,65\r\n", "unreadable", 0],
    ["PORT 10,0,0,2,4294967297,65\r\n", "unreadable", 0],
    ["PORT 10;0;0;2;1;65\r\n", "unreadable", 0],
    ["PORT 10,0,0,2,156,65", "unreadable", 0],
    ["PO", "unreadable", 0],
    ["POST\r\n", "nothing", 0],
    ["EPRT |1|10.0.0.2|40001|\r\n", "10.0.0.2", 40_001],
    ["EPRT !1!10.0.0.2!40001!\r\n", "10.0.0.2", 40_001],
    ["EPRT |1|10.0.0.2|65536|\r\n", "unreadable", 0],
    ["EPRT |1|10.0.0.2|0|\r\n", "unreadable", 0],
    ["EPRT |1|10.0.0.2.4|40001|\r\n", "unreadable", 0],
    ["EPRT |2|10.0.0.2|40001|\r\n", "unreadable", 0],
  ] as const)("%j", (line, address, port) => {
    const reading = read(line, false, 4);
    if (address === "nothing") expect(reading).toBeUndefined();
    else if (address === "unreadable") expect(reading).toBe(UNREADABLE);
    else expect(reading).toMatchObject({ address, port });
  });

  it.each([
    ["227 Entering Passive Mode (10,0,0,2,156,65).\r\n", 40_001],
    ["227 =10,0,0,2,156,65\r\n", 40_001],
    ["227 Entering nothing\r\n", undefined],
    ["229 Entering Extended Passive Mode (|||6446|)\r\n", 6446],
    ["229 Extended (|1||6446|)\r\n", undefined],
    ["229 Extended (|||6446", undefined],
  ] as const)("%j", (line, port) => {
    const reading = read(line, true, 4);
    if (port === undefined) expect(reading).toBe(UNREADABLE);
    else expect(reading).toMatchObject({ port });
  });

  it.each([
    "::",
    "::1",
    "fd00:a::2",
    "1::",
    "1:2:3:4:5:6:7:8",
    "1:2:3:4:5:6:7::",
    "::ffff:10.0.0.2",
    "1:2:3:4:5:6:10.0.0.2",
    "FE80::ABCD:EF01",
    ":::",
    "1::2::3",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "12345::",
    ":1",
    "1:",
    "1:2:3:4:5:6:7:10.0.0.2",
    "g::",
    "",
  ])("EPRT of %j", (address) => {
    const line = `EPRT |2|${address}|40001|\r\n`;
    expect(read(line, false, 6)).toEqual(slowly(line, false, 6));
  });
});

const PIECES = [
  "PORT",
  "port",
  "EPRT",
  "227",
  "229",
  " ",
  "  ",
  "(",
  ")",
  "|",
  "|",
  "!",
  ",",
  ",",
  ".",
  ":",
  "::",
  "0",
  "1",
  "2",
  "10",
  "255",
  "256",
  "65535",
  "70000",
  "|1|",
  "|2|",
  "|||",
  "\r",
  "\r\n",
  "x",
  "fd00",
  "10,0,0,2,156,65",
  "10.0.0.2",
  "fd00:a::2",
  "|1|10.0.0.2|40001|",
  "|2|fd00:a::2|40001|",
  "6446|",
];

describe("random lines", () => {
  it("are read as regular expressions read them", () => {
    const random = new Random(17);
    for (let round = 0; round < 20_000; round++) {
      const isAnswer = random.oneIn(2);
      const family = random.oneIn(2) ? 4 : 6;
      const words = isAnswer ? ["227 ", "229 "] : ["PORT ", "EPRT "];
      let line = random.oneIn(4) ? "" : words[random.below(2)]!;
      const count = random.below(9);
      for (let piece = 0; piece < count; piece++) line += PIECES[random.below(PIECES.length)];
      if (line === "") continue;
      const label = JSON.stringify([line, isAnswer, family]);
      expect(read(line, isAnswer, family), label).toEqual(slowly(line, isAnswer, family));
    }
  });

  it("are written as they would be by hand, and read again", () => {
    const random = new Random(18);
    const byte = () => random.below(256);
    for (let round = 0; round < 2000; round++) {
      const family = random.oneIn(2) ? 4 : 6;
      const address = formatIp(Uint8Array.from({ length: family === 4 ? 4 : 16 }, byte));
      const port = 1 + random.below(65535);
      const form = FORMS[family === 4 ? 1 + random.below(3) : 2 + random.below(2)]!;
      if (form === "") continue;
      const text = write(form, address, port);
      expect(text).toBe(writeSlowly(form, address, port));
      const isAnswer = form === "port";
      const line = isAnswer
        ? `229 (${text})\r\n`
        : `${form === "bars" ? "EPRT" : "PORT"} ${text}\r\n`;
      expect(read(line, isAnswer, family)).toMatchObject({ port, text });
    }
  });
});

describe("beginnings of lines", () => {
  it("are the last two of each direction", () => {
    bytes.fill(0, TEXT, TEXT + 32);
    const known = (reply: boolean, sequence: number) =>
      helper.isLineBeginning(TEXT, reply, sequence) !== 0;
    expect(known(false, 0)).toBe(false);
    helper.noteLineEnd(TEXT, false, 0xffff_fff0);
    helper.noteLineEnd(TEXT, false, 0xffff_fff8);
    helper.noteLineEnd(TEXT, true, 7);
    expect([known(false, 0xffff_fff0), known(false, 0xffff_fff8)]).toEqual([true, true]);
    // The one before the other goes, also where numbers begin anew.
    helper.noteLineEnd(TEXT, false, 4);
    expect([0xffff_fff0, 0xffff_fff8, 4].map((at) => known(false, at))).toEqual([
      false,
      true,
      true,
    ]);
    helper.noteLineEnd(TEXT, false, 4);
    expect(known(false, 0xffff_fff8)).toBe(true);
    expect([known(true, 7), known(true, 4), known(false, 7)]).toEqual([true, false, false]);
  });
});
