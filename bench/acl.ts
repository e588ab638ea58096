// DPDK's rte_acl, through the program that tests it: it classifies a trace over and over.

import { execFileSync, spawnSync } from "node:child_process";

const PROGRAM = "dpdk-test-acl";
const ENVIRONMENT = ["-l", "0", "--no-huge", "-m", "1024", "--no-pci", "--no-shconf"];
const QUIET = ["--no-telemetry", "--log-level=1"];
/** Headers classified in one call: as many as one of its users would have at hand. */
const BURST = 256;
const ITERATIONS = 40;

/** Its version; undefined where it is not installed. */
export function aclVersion(): string | undefined {
  // It names its version, then misses its rules.
  const { stdout, stderr, error } = spawnSync(PROGRAM, ["-v", ...ENVIRONMENT, "--no-telemetry"], {
    encoding: "utf8",
  });
  if (error !== undefined) return undefined;
  return /RTE Version: '([^']+)'/.exec(stdout + stderr)?.[1] ?? "DPDK of unknown version";
}

/** Millions of look-ups a second by an algorithm: "scalar", "sse", "avx2" … */
export function aclRate(
  algorithm: string,
  files: { readonly rules: string; readonly trace: string },
): number {
  const options = [
    `--rulesf=${files.rules}`,
    `--tracef=${files.trace}`,
    `--iter=${ITERATIONS}`,
    `--tracestep=${BURST}`,
    `--alg=${algorithm}`,
    "--verbose=0",
  ];
  const output = execFileSync(PROGRAM, [...ENVIRONMENT, ...QUIET, "--", ...options], {
    stdio: ["ignore", "pipe", "pipe"],
    maxBuffer: 1 << 26,
  }).toString();
  const found = /([\d.]+) pkt\/sec/.exec(output);
  if (found === null) throw new Error(`${PROGRAM} names no rate`);
  return Number(found[1]) / 1e6;
}
