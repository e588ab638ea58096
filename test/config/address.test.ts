import { BlockList, isIP, SocketAddress } from "node:net";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  compareIp,
  contains,
  formatIp,
  formatMac,
  formatPrefix,
  hasHostBits,
  ip4Word,
  ip6Word,
  lastAddressOf,
  networkOf,
  parseIp,
  parseIp4,
  parseIp6,
  parseMac,
  parsePrefix,
} from "../../src/config/address.ts";

const RUNS = { seed: 20_260, numRuns: 3000 };

const ip4Bytes = fc.uint8Array({ minLength: 4, maxLength: 4 });
// Zero groups are what makes IPv6 text interesting.
const group = fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 0xffff }), fc.constant(0xffff));
const ip6Bytes = fc
  .array(group, { minLength: 8, maxLength: 8 })
  .map((groups) => Uint8Array.from(groups.flatMap((value) => [value >> 8, value & 255])));
const ipBytes = fc.oneof(ip4Bytes, ip6Bytes);

/** Text that is nearly an address. */
const nearlyIp = fc
  .array(
    fc.constantFrom(
      "0",
      "1",
      "9",
      "00",
      "255",
      "256",
      "f",
      "FFff",
      "12345",
      ":",
      "::",
      ".",
      "1.2.3.4",
    ),
    { maxLength: 17 },
  )
  .map((parts) => parts.join(""));

describe("IPv4 and IPv6 text", () => {
  it.each([
    ["10.0.0.1", "10.0.0.1"],
    ["0.0.0.0", "0.0.0.0"],
    ["::", "::"],
    ["::1", "::1"],
    ["1::", "1::"],
    ["2001:DB8:0:0:8:800:200C:417A", "2001:db8::8:800:200c:417a"],
    ["2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"],
    ["2001:0:0:1:0:0:0:1", "2001:0:0:1::1"],
    ["2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"],
    ["1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"],
    ["::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"],
    ["::ffff:192.0.2.1", "::ffff:192.0.2.1"],
    ["0:0:0:0:0:ffff:c000:0201", "::ffff:192.0.2.1"],
    ["64:ff9b::192.0.2.33", "64:ff9b::c000:221"],
    ["1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"],
  ])("reads %s as %s", (text, canonical) => {
    expect(formatIp(parseIp(text)!)).toBe(canonical);
  });

  it.each([
    ["", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "01.2.3.4", "1.2.3.04", "1..2.3", ".1.2.3.4"],
    ["1.2.3.4.", " 1.2.3.4", "1.2.3.4 ", "0x1.2.3.4", "1.2.3.-4", "+1.2.3.4", "1.2.3.4/8"],
    [":", ":::", "1:", ":1", "1:2", "1:2:3:4:5:6:7:8:9", "1::2::3", "12345::", "g::"],
    ["1:2:3:4:5:6:7:8::", "::1:2:3:4:5:6:7:8", "1:2:3:4::5:6:7:8:9", "fe80::1%eth0", "[::1]"],
    ["1:2:3:4:5:6:7:1.2.3.4", "::1.2.3", "::1.2.3.4:5", "::01.2.3.4", "1.2.3.4::", "::1.2.3.4.5"],
  ])("refuses %j and its like", (...texts) => {
    for (const text of texts) expect(parseIp(text), text).toBeUndefined();
  });

  it("accepts what node:net accepts", () => {
    fc.assert(
      fc.property(nearlyIp, (text) => {
        expect(parseIp4(text) === undefined ? 0 : 4).toBe(isIP(text) === 4 ? 4 : 0);
        expect(parseIp6(text) === undefined ? 0 : 6).toBe(isIP(text) === 6 ? 6 : 0);
      }),
      { ...RUNS, numRuns: 20_000 },
    );
  });

  it("writes IPv6 as the URL standard and inet_ntop do, and reads it back", () => {
    fc.assert(
      fc.property(ip6Bytes, (bytes) => {
        const text = formatIp(bytes);
        const isMapped = text.includes(".");
        const canonical = isMapped
          ? new SocketAddress({ address: text, family: "ipv6" }).address
          : new URL(`http://[${text}]/`).hostname.slice(1, -1);
        expect(text).toBe(canonical);
        expect(parseIp(text)).toEqual(bytes);
      }),
      RUNS,
    );
  });

  it("writes IPv4 and reads it back", () => {
    fc.assert(
      fc.property(ip4Bytes, (bytes) => {
        expect(parseIp(formatIp(bytes))).toEqual(bytes);
        expect(ip4Word(bytes)).toBe(Buffer.from(bytes).readUInt32BE());
      }),
      RUNS,
    );
  });
});

describe("prefixes", () => {
  it.each(["10.0.0.0/8", "0.0.0.0/0", "10.0.0.1/24", "::/0", "fd00::1/64", "::1/128"])(
    "reads and writes %s",
    (text) => expect(formatPrefix(parsePrefix(text)!)).toBe(text),
  );

  it.each(["10.0.0.0", "10.0.0.0/", "10.0.0.0/33", "::/129", "::/08", "10/8", "::/-1", "::/1/2"])(
    "refuses %s",
    (text) => expect(parsePrefix(text)).toBeUndefined(),
  );

  it("contain the addresses that node:net's BlockList blocks", () => {
    const cases = fc.tuple(ipBytes, fc.nat(128), fc.nat(127));
    fc.assert(
      fc.property(cases, ([address, lengthSeed, flip]) => {
        const length = lengthSeed % (address.length * 8 + 1);
        const bit = flip % (address.length * 8);
        const other = address.slice();
        other[bit >> 3]! ^= 0x80 >> (bit & 7);
        const family = address.length === 4 ? "ipv4" : "ipv6";
        const blocked = new BlockList();
        // A BlockList takes no /0, which holds everything.
        if (length > 0) blocked.addSubnet(formatIp(address), length, family);
        const expected = length === 0 || blocked.check(formatIp(other), family);
        expect(contains({ address, length }, other)).toBe(expected);
        expect(contains({ address, length }, address)).toBe(true);
      }),
      RUNS,
    );
  });

  it("lie between their network and their last address", () => {
    fc.assert(
      fc.property(ipBytes, fc.nat(128), (address, seed) => {
        const prefix = { address, length: seed % (address.length * 8 + 1) };
        const network = networkOf(prefix);
        expect(hasHostBits(network)).toBe(false);
        expect(hasHostBits(prefix)).toBe(compareIp(network.address, address) !== 0);
        const last = lastAddressOf(prefix);
        expect(contains(prefix, network.address) && contains(prefix, last)).toBe(true);
        expect(compareIp(network.address, address)).toBeLessThanOrEqual(0);
        expect(compareIp(last, address)).toBeGreaterThanOrEqual(0);
        const size = 2n ** BigInt(address.length * 8 - prefix.length);
        expect(numberOf(last) - numberOf(network.address)).toBe(size - 1n);
      }),
      RUNS,
    );
  });

  it("never contain an address of the other family", () => {
    expect(contains(parsePrefix("0.0.0.0/0")!, parseIp("::")!)).toBe(false);
    expect(compareIp(parseIp("255.0.0.0")!, parseIp("::")!)).toBeLessThan(0);
  });

  it("split IPv6 into words", () => {
    const ip = parseIp("fd00:1:8000:2::ffff:fffe")!;
    const words = [0, 1, 2, 3].map((i) => ip6Word(ip, i));
    expect(words).toEqual([0xfd000001, 0x80000002, 0, 0xfffffffe]);
  });
});

function numberOf(ip: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(ip).toString("hex")}`);
}

describe("MACs", () => {
  it.each(["02:00:5e:00:00:Fe", "02-00-5E-00-00-FE", "0200.5e00.00fe"])("reads %s", (text) => {
    expect(formatMac(parseMac(text)!)).toBe("02:00:5e:00:00:fe");
  });

  it.each([
    "02:00:5e:00:00",
    "02:00-5e:00:00:fe",
    "2:0:5e:0:0:fe",
    "02005e0000fe",
    "0200:5e00:00fe",
  ])("refuses %s", (text) => expect(parseMac(text)).toBeUndefined());
});
