// Two bridges with two lines between them: what goes round, and what ends it.
//
//   a ── [left] ══ one, two ══ [right] ── b

import { describe, expect, it } from "vitest";
import type { FrameSink } from "../../src/memory/outputs.ts";
import type { Statistics } from "../../src/memory/statistics.ts";
import { imbalances } from "../support/accounts.ts";
import { ethernet } from "../support/builder.ts";
import { frameLeaks, type PathRun, TestRouter } from "../support/path.ts";

interface Sent {
  readonly port: string;
  readonly bytes: Uint8Array;
}

const LINES = ["one", "two"];
/** Nanoseconds that a frame takes from one bridge to the other. */
const LATENCY = 1_000_000;
const EPOCH = 1_700_000_000;
/** Calls of the kernel that are enough for the frames of one round. */
const STEPS = 4;
/** Rounds after which a frame that still goes round does so for ever. */
const ROUNDS = 300;
const BROADCAST = "ff:ff:ff:ff:ff:ff";
const STATION = "02:00:00:00:00:a1";

function bridge(number: number, host: string, settings: string, line = ""): string {
  return `
version: 1
engine: { frames: 256, frame_size: 2048, limits: { routes: 100, neighbors: 64, next_hops: 16 } }
ports:
  ${host}: { device: "pcap:", bridge: br0 }
  one: { device: "pcap:", bridge: br0${line} }
  two: { device: "pcap:", bridge: br0${line} }
bridges:
  br0: { mac: "02:00:00:00:0b:0${number}"${settings} }
meters:
  slow: { bands: [{ rate: 100pps, burst: 10, exceed: drop }] }
`;
}

/** A bridge that runs on and on. */
class Switch {
  readonly #router: TestRouter;
  readonly #run: PathRun;
  #sent: Sent[] = [];
  readonly #sink: FrameSink;

  private constructor(router: TestRouter) {
    this.#router = router;
    this.#run = router.begin();
    this.#sink = (frame, memory) => {
      const port = router.model.ports[frame.port]!.name;
      const bytes = memory.slice(frame.address, frame.address + frame.length);
      this.#sent.push({ port, bytes });
    };
  }

  static async start(configuration: string): Promise<Switch> {
    return new Switch(await TestRouter.create(configuration));
  }

  /** Receives these frames, and gives back what it sends. */
  exchange(frames: readonly Sent[], round: number): Sent[] {
    if (frames.length > 0) {
      const chunk = this.#run.takeChunk(this.#sink);
      const time = round * LATENCY;
      let used = 0;
      for (const { port, bytes } of frames) {
        chunk.data.set(bytes, used);
        const seconds = EPOCH + Math.floor(time / 1e9);
        const number = this.#router.portNumber(port);
        chunk.add(used, bytes.length, bytes.length, seconds, time % 1e9, 0, number);
        used += bytes.length;
      }
      this.#run.publish(chunk);
    }
    for (let step = 0; step < STEPS; step++) this.#run.step(this.#sink);
    const sent = this.#sent;
    this.#sent = [];
    return sent;
  }

  /** Ends the run, whose books must balance. */
  finish(): Statistics {
    const statistics = this.#run.finish(this.#sink);
    this.#router.tables.flows.endRun();
    expect(imbalances(statistics)).toEqual([]);
    expect(frameLeaks(this.#router.region)).toEqual([]);
    return statistics;
  }
}

/** Rounds until nothing moves, at most ROUNDS; and what left by the ports of hosts. */
function loop(left: Switch, right: Switch, first: readonly Sent[]) {
  let toLeft = first;
  let toRight: Sent[] = [];
  const received: string[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    if (toLeft.length + toRight.length === 0) return { rounds: round, received };
    const fromLeft = left.exchange(toLeft, round);
    const fromRight = right.exchange(toRight, round);
    for (const { port } of [...fromLeft, ...fromRight]) {
      if (!LINES.includes(port)) received.push(port);
    }
    const onLine = ({ port }: Sent) => LINES.includes(port);
    toRight = fromLeft.filter(onLine);
    toLeft = fromRight.filter(onLine);
  }
  return { rounds: ROUNDS, received };
}

const broadcast = ethernet(BROADCAST, STATION, 0x88b5).payload(46).bytes();

async function between(settings: string, line = "") {
  const left = await Switch.start(bridge(1, "a", settings, line));
  const right = await Switch.start(bridge(2, "b", settings, line));
  const outcome = loop(left, right, [{ port: "a", bytes: broadcast }]);
  return { ...outcome, left: left.finish(), right: right.finish() };
}

describe("two bridges in a loop", () => {
  it("send a broadcast round for ever without a guard, and no more of it than came", async () => {
    const { rounds, left, right } = await between("");
    expect(rounds).toBe(ROUNDS);
    expect(left.drops).toEqual({});
    // Either way round: two frames a round, or fewer.
    expect(left.packets.received + right.packets.received).toBeLessThanOrEqual(2 * ROUNDS + 1);
  });

  it("end it by the loop guard, which counts", async () => {
    const { rounds, received, left, right } = await between(", loop_guard: 5");
    expect(rounds).toBeLessThan(30);
    const dropped = (left.drops["loop-guard"] ?? 0) + (right.drops["loop-guard"] ?? 0);
    expect(dropped).toBe(2);
    expect(received.length).toBeLessThan(60);
  });

  it("end it by storm control: what goes round is soon more than may come in", async () => {
    const { rounds, left, right } = await between("", ", storm: { broadcast: slow }");
    expect(rounds).toBeLessThan(30);
    expect((left.drops.storm ?? 0) + (right.drops.storm ?? 0)).toBe(2);
  });

  it("hear the station again when the loop is over", async () => {
    const left = await Switch.start(bridge(1, "a", ", loop_guard: 5"));
    const right = await Switch.start(bridge(2, "b", ", loop_guard: 5"));
    loop(left, right, [{ port: "a", bytes: broadcast }]);
    const again = left.exchange([{ port: "a", bytes: broadcast }], 1000);
    expect(again.map(({ port }) => port)).toEqual(LINES);
    left.finish();
    right.finish();
  });

  it("have none where the lines are of one split-horizon group", async () => {
    const { rounds, received } = await between("", ", split_horizon: 1");
    expect(rounds).toBe(2);
    expect(received).toEqual(["b", "b"]);
  });

  it("drop what comes back from an interface of their own", async () => {
    const left = await Switch.start(bridge(1, "a", ", loop_guard: 5"));
    const right = await Switch.start(bridge(2, "b", ", loop_guard: 5"));
    const own = ethernet(BROADCAST, "02:00:00:00:0b:01", 0x88b5).payload(46).bytes();
    const first = left.exchange([{ port: "one", bytes: own }], 0);
    expect(first).toEqual([]);
    expect(left.finish().drops).toEqual({ "loop-guard": 1 });
    right.finish();
  });
});
