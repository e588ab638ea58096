// DPDK's testpmd, replaying a capture from memory (net_pcap with infinite_rx) through one
// forwarding core; what it sends is dropped by the same driver. It needs no huge pages, no card.

import { execFileSync, spawn } from "node:child_process";
import { setTimeout as wait } from "node:timers/promises";
import type { Contestant } from "./contestants.ts";
import { LineProcess } from "./process.ts";

export type ForwardMode = "macswap" | "5tswap";

/**
 * The main core only reads commands, one more forwards. A larger burst and mempool cache than the
 * defaults (32 and 250) gave the best rate; the pool holds the capture and little else, because
 * buffers that are in use stay in the cache.
 */
const ENVIRONMENT = [
  "-l",
  "0,1",
  "--no-huge",
  "-m",
  "1024",
  "--no-pci",
  "--no-shconf",
  "--no-telemetry",
  "--log-level=error",
];
const APPLICATION = ["-i", "--nb-cores=1", "--burst=64", "--mbcache=512"];
/** Buffers besides those that hold the capture. */
const SPARE_BUFFERS = 12_288;
/** Milliseconds after "start" before the rate is looked at. */
const SETTLE = 50;

/** Its version, or undefined where it is not installed. */
export function testpmdVersion(): string | undefined {
  try {
    execFileSync("which", ["dpdk-testpmd"], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  try {
    const words = ["--modversion", "libdpdk"];
    return `DPDK ${execFileSync("pkg-config", words, { encoding: "utf8" }).trim()}`;
  } catch {
    return "DPDK of unknown version";
  }
}

/** One testpmd over one capture; its forward modes are contestants of their own. */
export class Testpmd {
  readonly #process: LineProcess;

  constructor(capture: string, packets: number) {
    const device = `--vdev=net_pcap0,rx_pcap=${capture},infinite_rx=1`;
    const buffers = `--total-num-mbufs=${packets + SPARE_BUFFERS}`;
    // Into a pipe it would speak a full buffer at a time.
    const words = ["-oL", "dpdk-testpmd", ...ENVIRONMENT, device, "--", ...APPLICATION, buffers];
    this.#process = new LineProcess(spawn("stdbuf", words), "dpdk-testpmd");
  }

  contestant(mode: ForwardMode): Contestant {
    return { name: mode, measure: (seconds) => this.#measure(mode, seconds) };
  }

  async #measure(mode: ForwardMode, seconds: number): Promise<number> {
    this.#process.write(`set fwd ${mode}\nstart\n`);
    await this.#process.lineMatching(/packet forwarding/);
    await wait(SETTLE);
    // Rates are those since the statistics were last shown, by testpmd's own clock.
    await this.#rate();
    await wait(seconds * 1000);
    const rate = await this.#rate();
    this.#process.write("stop\n");
    await this.#process.lineMatching(/^Done\./);
    return 1e9 / rate;
  }

  async #rate(): Promise<number> {
    this.#process.write("show port stats all\n");
    const line = await this.#process.lineMatching(/Rx-pps:\s*\d+/);
    return Number(/Rx-pps:\s*(\d+)/.exec(line)![1]);
  }

  async close(): Promise<void> {
    this.#process.write("quit\n");
    await this.#process.end();
  }
}
