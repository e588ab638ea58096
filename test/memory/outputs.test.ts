// The output rings, merged: compared with a slow twin that sorts, with rings that wrap around and
// indices that pass 2^32; and kernels that must wait because nobody reads.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import * as layout from "../../assembly/layout.ts";
import { planMemory } from "../../src/memory/map.ts";
import { type FrameSink, Outputs } from "../../src/memory/outputs.ts";
import { Region } from "../../src/memory/region.ts";
import { FAR, GATEWAY, HOST, hostToRouter, WAN, world } from "../path/world.ts";
import { ethernet } from "../support/builder.ts";
import { SMALL_SIZES } from "../support/memory_sizes.ts";
import { arrival, frameLeaks, TestRouter } from "../support/path.ts";

const QUEUES = 3;
const SIZES = {
  ...SMALL_SIZES,
  queues: QUEUES,
};

/** A worker's side of its ring, written down plainly. */
class Producer {
  readonly #region: Region;
  readonly #ring: number;
  readonly #worker: number;
  #head: number;

  constructor(region: Region, worker: number, start: number) {
    this.#region = region;
    this.#ring = region.base(layout.REGION_OUTPUT) + worker * layout.OUTPUT_RING_BYTES;
    this.#worker = region.worker(worker);
    this.#head = start >>> 0;
    region.setU32(this.#worker + layout.WORKER_OUTPUT_HEAD, this.#head);
    region.setU32(this.#worker + layout.WORKER_OUTPUT_TAIL, this.#head);
  }

  get free(): number {
    const tail = this.#region.getU32(this.#worker + layout.WORKER_OUTPUT_TAIL);
    return layout.OUTPUT_RING_BYTES - ((this.#head - tail) >>> 0);
  }

  add(sequence: number, length: number): void {
    const size = Math.ceil((layout.OUTPUT_HEADER + length) / 16) * 16;
    const place = this.#head % layout.OUTPUT_RING_BYTES;
    if (place + size > layout.OUTPUT_RING_BYTES) {
      const rest = layout.OUTPUT_RING_BYTES - place;
      this.#region.setU32(this.#ring + place + layout.OUTPUT_SIZE, rest);
      this.#region.setU16(this.#ring + place + layout.OUTPUT_PORT, layout.OUTPUT_FILLER);
      this.#head = (this.#head + rest) >>> 0;
      this.add(sequence, length);
      return;
    }
    const entry = this.#ring + place;
    this.#region.setU32(entry + layout.OUTPUT_SIZE, size);
    this.#region.setU32(entry + layout.OUTPUT_PORT, 0);
    this.#region.setU32(entry + layout.OUTPUT_LENGTH, length);
    this.#region.setU64(entry + layout.OUTPUT_SEQUENCE, BigInt(sequence));
    this.#region.u8[entry + layout.OUTPUT_HEADER] = sequence;
    this.#head = (this.#head + size) >>> 0;
  }

  publish(watermark: number): void {
    this.#region.publish(this.#worker + layout.WORKER_OUTPUT_HEAD, this.#head | 0);
    this.#region.setU64(this.#worker + layout.WORKER_WATERMARK, BigInt(watermark));
  }
}

/** Frames by sequence number: which worker sends how many, how long each is. */
const packets = fc.array(
  fc.record({
    worker: fc.integer({ min: 0, max: QUEUES - 1 }),
    frames: fc.array(fc.integer({ min: 14, max: 40_000 }), { maxLength: 2 }),
  }),
  { minLength: 1, maxLength: 300 },
);

describe("Outputs", () => {
  const region = new Region(planMemory(SIZES));

  it.each([0, 2 ** 32 - 200_000])("merges by sequence number, indices from %d", (start) => {
    const property = fc.property(packets, fc.integer({ min: 1, max: 40 }), (sent, burst) => {
      const producers = [0, 1, 2].map((worker) => new Producer(region, worker, start));
      for (const producer of producers) producer.publish(0);
      const outputs = new Outputs(region);
      const found: number[] = [];
      const sink: FrameSink = ({ length }) => found.push(length);
      sent.forEach(({ worker, frames }, sequence) => {
        for (const length of frames) {
          while (producers[worker]!.free < 200_000) {
            for (const producer of producers) producer.publish(sequence);
            outputs.drain(sink);
          }
          producers[worker]!.add(sequence, length);
        }
        if (sequence % burst === 0) {
          for (const producer of producers) producer.publish(sequence + 1);
          outputs.drain(sink);
        }
      });
      for (const producer of producers) producer.publish(sent.length);
      outputs.drain(sink);
      // The slow twin: in the order of the packets.
      expect(found).toEqual(sent.flatMap(({ frames }) => frames));
    });
    fc.assert(property, { seed: 7, numRuns: 60 });
  });

  it("keeps a frame back while a worker might still send an earlier one", () => {
    const producers = [0, 1, 2].map((worker) => new Producer(region, worker, 0));
    const outputs = new Outputs(region);
    const found: number[] = [];
    const sink: FrameSink = ({ length }) => found.push(length);
    producers[0]!.add(10, 100);
    producers[0]!.publish(11);
    producers[1]!.publish(10);
    producers[2]!.publish(50);
    expect(outputs.drain(sink)).toBe(0);
    producers[1]!.add(10, 60);
    producers[1]!.publish(11);
    outputs.drain(sink);
    expect(found).toEqual([100, 60]);
  });

  it("with `all` it keeps nothing back", () => {
    const producers = [0, 1, 2].map((worker) => new Producer(region, worker, 0));
    producers[2]!.add(10, 100);
    for (const producer of producers) producer.publish(1);
    const outputs = new Outputs(region);
    expect(outputs.drain(() => {})).toBe(0);
    expect(outputs.drain(() => {}, true)).toBe(1);
  });
});

describe("kernels", () => {
  const BIG = world()
    .replace("frame_size: 4096", "frame_size: 65536")
    .replace(`mac: "${WAN.mac}"`, `mac: "${WAN.mac}"\n    mtu: 65535`);
  const frame = hostToRouter()
    .ip4({ from: HOST.ip4, to: FAR.ip4 })
    .udp({ from: 1, to: 2 })
    .payload(40_000)
    .bytes();

  it.each([0, 2 ** 32 - 1_000_000])(
    "wait for a reader, and lose nothing, from %d",
    async (start) => {
      const router = await TestRouter.create(BIG);
      const place = (memory: Region) => {
        memory.setU32(memory.worker(0) + layout.WORKER_OUTPUT_HEAD, start);
        memory.setU32(memory.worker(0) + layout.WORKER_OUTPUT_TAIL, start);
      };
      const run = router.begin({ prepare: place });
      let taken = 0;
      const chunk = run.takeChunk(() => {});
      chunk.data.set(frame);
      // 500 times the same 40 KB are five times the ring.
      for (let number = 0; number < 500; number++) {
        chunk.add(0, frame.length, frame.length, 1, number, 0, 0);
      }
      run.publish(chunk);
      const statistics = run.finish(() => taken++);
      expect(statistics.packets.transmitted).toBe(500);
      expect(taken).toBe(500);
    },
  );

  it("packets that waited do not overrun the ring when all may go at once", async () => {
    const router = await TestRouter.create(BIG.replace("frames: 256", "frames: 400"));
    // 256 packets of 40 KB to 64 hosts, 10 MB in all, wait for a ring of 4 MB.
    const addresses = Array.from({ length: 64 }, (_, host) => `203.0.113.${10 + host}`);
    const packets = addresses.flatMap((to) =>
      [1, 2, 3, 4].map((id) =>
        arrival(
          "lan",
          hostToRouter().ip4({ from: HOST.ip4, to, id }).udp({ from: 1, to: 2 }).payload(40_000),
        ),
      ),
    );
    const answers = addresses.map((from) =>
      arrival(
        "wan",
        ethernet(WAN.mac, GATEWAY.mac).arp(
          "reply",
          { mac: GATEWAY.mac, ip: from },
          { mac: WAN.mac, ip: WAN.ip4 },
        ),
      ),
    );
    const { statistics, departures } = router.run([...packets, ...answers], { resolve: true });
    expect(statistics.packets).toMatchObject({ transmitted: 256, consumed: 64, dropped: 0 });
    expect(statistics.inFlight).toBe(0);
    const sent = departures.filter(({ bytes }) => bytes.length > 40_000);
    expect(sent.map(({ bytes }) => [bytes[33], bytes[19]])).toEqual(
      packets.map(({ bytes }) => [bytes[33], bytes[19]]),
    );
    expect(frameLeaks(router.region)).toEqual([]);
  });
});
