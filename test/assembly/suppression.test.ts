// ARP and ND suppression: answers octet by octet, what is passed on, and the twin on random frames.

import { beforeAll, beforeEach, describe, expect, it } from "vitest";
import { altered } from "../support/builder.ts";
import { GuardRig } from "../support/guards.ts";
import { advertisement, arpFrame, solicitation } from "../support/neighbor_frames.ts";
import { hexOf } from "../support/octets.ts";
import { Random } from "../support/random.ts";
import { type Heard, SuppressionTwin } from "../twin/suppression.ts";

const CONFIGURATION = `
version: 1
engine: { frames: 64, frame_size: 2048, limits: { routes: 100, neighbors: 8, next_hops: 16 } }
ports:
  p1: { device: "pcap:", bridge: br0, vlan: { trunk: [10, 20], native: 1 } }
  p2: { device: "pcap:", bridge: br0, vlan: { trunk: [10, 20], native: 1 } }
  p3: { device: "pcap:", bridge: br0, vlan: { trunk: [10, 20], native: 1 } }
  q1: { device: "pcap:", bridge: br1 }
  r1: { device: "pcap:", bridge: br2 }
bridges:
  br0:
    vlan_filtering: true
    ageing: 10s
    suppression: true
    vlans: { 10: { addresses: [10.0.0.1/24, "fd00::1/64"], mac: "02:00:00:00:01:10" } }
    stations:
      - { mac: "02:bb:00:00:00:50", vlan: 10, port: p2, ips: [10.0.0.50, "fd00::50"] }
      - { mac: "02:bb:00:00:00:51", vlan: 10, ips: [10.0.0.51] }
  br1: { ageing: 10s, suppression: true }
  br2:
    stations: [{ mac: "02:bb:00:00:00:50", ips: [10.0.0.50] }]
`;

const ASKER = "02:aa:00:00:00:07";
const TAG = [[0x8100, 0x600a]] as const;
const IN_10 = { vlan: 10, tags: 1 };

let rig: GuardRig;
beforeAll(async () => {
  rig = await GuardRig.open(CONFIGURATION);
});
beforeEach(() => {
  rig.tables.bindings!.forget();
});

const question = { tags: TAG, mac: ASKER, ip: "10.0.0.7", target: "10.0.0.50" };
const question6 = { tags: TAG, mac: ASKER, ip: "fd00::7", target: "fd00::50" };

describe("suppression", () => {
  it("answers an ARP request for a station of the configuration, with the tag as it came", () => {
    expect(hexOf(rig.ask(arpFrame(question), IN_10))).toBe(
      "02aa00000007" +
        "02bb00000050" +
        "8100600a0806" +
        "0001080006040002" + // a reply
        "02bb000000500a000032" + // the station has 10.0.0.50
        "02aa000000070a000007",
    );
  });

  it("answers a neighbor solicitation: solicited, override, with the station's MAC", () => {
    expect(hexOf(rig.ask(solicitation(question6), IN_10))).toBe(
      "02aa00000007" +
        "02bb00000050" +
        "8100600a86dd" +
        "6000000000203aff" +
        "fd000000000000000000000000000050" +
        "fd000000000000000000000000000007" +
        "88001aef" +
        "60000000" +
        "fd000000000000000000000000000050" +
        "020102bb00000050",
    );
    const mac = "02:bb:00:00:00:50";
    const by = { mac, ip: "fd00::50", target: "fd00::50", destination: "fd00::7", flags: 0x60 };
    const same = advertisement({ ...by, tags: TAG, to: ASKER });
    expect(hexOf(rig.ask(solicitation(question6), IN_10))).toBe(hexOf(same));
  });

  it("answers untagged questions untagged, and to the option's MAC rather than the frame's", () => {
    const known = arpFrame({ mac: "02:bb:00:00:00:60", ip: "10.9.0.60", target: "10.9.0.60" });
    const place = { bridge: 1, port: 3 };
    expect(rig.ask(known, { ...place, port: 9 })).toBeUndefined();
    const asked = arpFrame({ mac: ASKER, ip: "10.9.0.7", target: "10.9.0.60" });
    expect(hexOf(rig.ask(asked, place))).toBe(
      "02aa0000000702bb00000060080600010800060400" + "0202bb000000600a09003c02aa000000070a090007",
    );
    const told = advertisement({ mac: "02:bb:00:00:00:61", ip: "fd09::61", target: "fd09::61" });
    rig.ask(told, { ...place, port: 9 });
    const frame = solicitation({
      mac: ASKER,
      from: "02:aa:00:00:00:99",
      ip: "fd09::7",
      target: "fd09::61",
    });
    expect(hexOf(rig.ask(frame, place)!.subarray(0, 14))).toBe("02aa0000000702bb0000006186dd");
  });

  it("passes on what asks whether an address is taken", () => {
    const probe = arpFrame({ ...question, ip: "0.0.0.0" });
    const announcement = arpFrame({ ...question, ip: "10.0.0.50" });
    const duplicates = solicitation({ ...question6, ip: "::", bare: true });
    for (const frame of [probe, announcement, duplicates]) {
      expect(rig.ask(frame, IN_10)).toBeUndefined();
    }
  });

  it("passes on what asks one station, the station's own question, and questions for us", () => {
    const to = "02:bb:00:00:00:50";
    expect(rig.ask(arpFrame({ ...question, to }), IN_10)).toBeUndefined();
    expect(rig.ask(solicitation({ ...question6, to }), IN_10)).toBeUndefined();
    expect(rig.ask(arpFrame({ ...question, mac: to }), IN_10)).toBeUndefined();
    expect(rig.ask(solicitation({ ...question6, mac: to }), IN_10)).toBeUndefined();
    expect(rig.ask(arpFrame({ ...question, target: "10.0.0.1" }), IN_10)).toBeUndefined();
    expect(rig.ask(solicitation({ ...question6, target: "fd00::1" }), IN_10)).toBeUndefined();
  });

  it("is silent at the station's own port, in another VLAN or bridge, and where it is off", () => {
    const frame = arpFrame(question);
    expect(rig.ask(frame, { ...IN_10, port: 1 })).toBeUndefined();
    expect(rig.ask(frame, { ...IN_10, vlan: 20 })).toBeUndefined();
    expect(rig.ask(frame, { ...IN_10, bridge: 1 })).toBeUndefined();
    const plain = arpFrame({ ...question, tags: [] });
    expect(rig.ask(plain, { bridge: 2, vlan: 0 })).toBeUndefined();
  });

  it("looks at no tags further in than the bridge's own, nor behind labels and PPPoE", () => {
    const double = arpFrame({ ...question, tags: [...TAG, ...TAG] });
    expect(rig.ask(double, IN_10)).toBeUndefined();
    expect(rig.ask(arpFrame(question), { vlan: 10, tags: 0 })).toBeUndefined();
    expect(rig.ask(double, { vlan: 10, tags: 2 })).toBeDefined();
  });

  it("takes no word from a broken solicitation", () => {
    for (const fault of [{ hops: 64 }, { wrongChecksum: true }]) {
      expect(rig.ask(solicitation({ ...question6, ...fault }), IN_10)).toBeUndefined();
    }
    const noLength = altered(solicitation(question6), -7, 0);
    expect(rig.ask(noLength, IN_10)).toBeUndefined();
  });

  it("learns, replaces, and forgets as the bridge ages", () => {
    const place = { vlan: 20, tags: 1 };
    const tell = (mac: string, time: bigint) =>
      rig.ask(arpFrame({ operation: 2, tags: TAG, mac, ip: "10.2.0.9", target: "10.2.0.1" }), {
        ...place,
        port: 2,
        time,
      });
    const ask = (time: bigint) =>
      hexOf(
        rig
          .ask(arpFrame({ tags: TAG, mac: ASKER, ip: "10.2.0.7", target: "10.2.0.9" }), {
            ...place,
            time,
          })
          ?.subarray(6, 12),
      );
    const second = 1_000_000_000n;
    expect(ask(0n)).toBeUndefined();
    tell("02:bb:00:00:00:09", 0n);
    expect(ask(1n * second)).toBe("02bb00000009");
    tell("02:bb:00:00:00:0a", 2n * second);
    expect(ask(12n * second)).toBe("02bb0000000a");
    expect(ask(12n * second + 1n)).toBeUndefined();
    rig.tables.bindings!.forget();
    expect(ask(3n * second)).toBeUndefined();
  });

  it("repeats that a station is a router", () => {
    const router = { mac: "02:bb:00:00:00:0c", ip: "fd09::c", target: "fd09::c", flags: 0xa0 };
    rig.ask(advertisement(router), { bridge: 1, port: 9 });
    const frame = solicitation({ mac: ASKER, ip: "fd09::7", target: "fd09::c" });
    expect(rig.ask(frame, { bridge: 1, port: 3 })![58]).toBe(0xe0);
  });
});

const MACS = ["02:cc:00:00:00:01", "02:cc:00:00:00:02", "02:cc:00:00:00:03", "03:cc:00:00:00:04"];
const IPS = ["10.0.0.1", "10.0.0.50", "10.0.0.51", "10.0.0.7", "10.0.0.8", "0.0.0.0", "127.0.0.1"];
const IPS6 = ["fd00::1", "fd00::50", "fd00::7", "fd00::8", "::", "ff02::9"];

function twin(): SuppressionTwin {
  const given = new Map([
    ["0 10 10.0.0.50", { mac: "02:bb:00:00:00:50", port: 1 }],
    ["0 10 fd00::50", { mac: "02:bb:00:00:00:50", port: 1 }],
    ["0 10 10.0.0.51", { mac: "02:bb:00:00:00:51" }],
  ]);
  const own = new Set(["0 10 10.0.0.1", "0 10 fd00::1"]);
  return new SuppressionTwin({ most: 8, ageing: 10_000_000_000n, given, own });
}

function randomHeard(random: Random, time: bigint): Heard {
  const of = <T>(list: readonly T[]): T => list[random.below(list.length)]!;
  const filters = !random.oneIn(3);
  const place = {
    bridge: filters ? 0 : 1,
    vlan: filters ? of([10, 20]) : 0,
    port: random.below(3),
    time,
  };
  const link = {
    ...(filters ? { tags: [[0x8100, place.vlan]] as const } : {}),
    ...(random.oneIn(5) ? { to: "02:cc:00:00:00:99" } : {}),
    ...(random.oneIn(8) ? { from: of(MACS) } : {}),
  };
  const mac = of(MACS);
  if (random.oneIn(2)) {
    const said = { mac, ip: of(IPS), target: of(IPS), operation: of([1, 1, 1, 2, 3]) };
    return { kind: "arp", said: { ...said, ...link }, ...place };
  }
  const said = {
    mac,
    ip: of(IPS6.slice(0, 5)),
    target: of(IPS6),
    bare: random.oneIn(4),
    hops: random.oneIn(10) ? 64 : 255,
    wrongChecksum: random.oneIn(10),
  };
  if (!random.oneIn(3)) return { kind: "solicitation", said: { ...said, ...link }, ...place };
  const flags = random.below(8) << 5;
  return { kind: "advertisement", said: { ...said, flags, ...link }, ...place };
}

function frameOf(heard: Heard) {
  if (heard.kind === "arp") return arpFrame(heard.said);
  return heard.kind === "solicitation" ? solicitation(heard.said) : advertisement(heard.said);
}

/** MAC and router's flag as an answer says them. */
function read(answer: Uint8Array | undefined, tags: number) {
  if (answer === undefined) return undefined;
  const mac = hexOf(answer.subarray(6, 12))!.replace(/..(?=.)/g, "$&:");
  const isArp = answer[13 + 4 * tags] === 6;
  return { mac, router: !isArp && (answer[14 + 4 * tags + 44]! & 0x80) !== 0 };
}

it("knows and answers what its twin does, on random frames", () => {
  const random = new Random(5);
  const expected = twin();
  let time = 0n;
  let answers = 0;
  for (let round = 0; round < 8_000; round++) {
    time += BigInt(random.below(random.oneIn(50) ? 12_000_000 : 200_000)) * 1000n;
    const heard = randomHeard(random, time);
    const tags = heard.said.tags?.length ?? 0;
    const answer = rig.ask(frameOf(heard), { ...heard, tags });
    expect({ round, ...read(answer, tags) }).toEqual({ round, ...expected.hear(heard) });
    if (answer !== undefined) answers++;
  }
  expect(answers).toBeGreaterThan(150);
});

it("answers damaged questions soundly, or not at all", () => {
  const random = new Random(9);
  const frames = [arpFrame(question), solicitation(question6), advertisement(question6)];
  let answers = 0;
  for (let round = 0; round < 20_000; round++) {
    const frame = frames[round % frames.length]!.slice();
    for (let count = random.below(3); count >= 0; count--) {
      frame[14 + random.below(frame.length - 14)] = random.next();
    }
    const cut = random.oneIn(10) ? random.below(frame.length) : frame.length;
    // The rig looks at what its record says of an answer, and at its checksum.
    const answer = rig.ask(frame.subarray(0, cut), { ...IN_10, mayDrop: true });
    if (answer !== undefined) answers++;
  }
  expect(answers).toBeGreaterThan(500);
});
