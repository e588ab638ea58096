// Limits and defaults of the configuration: the schemas show them, the model takes them.
// Ports, VRFs and queues are bounded by the memory map; a test compares them with it.

export const MAX_PORTS = 256;
export const MAX_VRFS = 256;
export const MAX_QUEUES = 32;
/** Members of one ECMP route. */
export const MAX_MEMBERS = 256;
export const MAX_WEIGHT = 256;

/** Least MTU of a link that carries IPv6 (RFC 8200 5). */
export const MIN_IP6_MTU = 1280;

export const MAIN_VRF = "main";

export const DEFAULTS = {
  queues: 1,
  frames: 16384,
  frameSize: 2048,
  routes: 1_200_000,
  neighbors: 4096,
  nextHops: 16384,
  flows: 1_048_576,
  rules: 65_536,
  verifyChecksums: "header",
  icmpRate: "100/s",
  icmpBurst: 50,
  mtu: 1500,
  weight: 1,
} as const;
