// Limits and defaults of the configuration: the schemas show them, the model takes them.
// Ports, VRFs and queues are bounded by the memory map; a test compares them with it.

export const MAX_PORTS = 256;
export const MAX_BRIDGES = 256;
export const MAX_VRFS = 256;
export const MAX_QUEUES = 32;
/** Members of one ECMP route. */
export const MAX_MEMBERS = 256;
export const MAX_WEIGHT = 256;

/** Flow tables (assembly/layout.ts). */
export const MAX_TABLES = 256;
export const MAX_SETS = 4096;
/** Types of a concatenation: addresses and ports of both ends, and the protocol. */
export const MAX_SET_TYPES = 5;
export const MAX_GROUPS = 4096;
export const MAX_METERS = 4096;
export const MAX_MIRRORS = 256;
/** Buckets of one group. */
export const MAX_BUCKETS = 256;
export const MAX_BUCKET_WEIGHT = 65_535;
/** Bands of one meter (assembly/layout.ts). */
export const MAX_BANDS = 4;
export const MAX_PRIORITY = 65_535;

export const MAX_SERVICES = 4096;
export const MAX_BACKEND_WEIGHT = 65_535;

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
  flowExtensions: 65_536,
  expectations: 4096,
  datagrams: 16_384,
  fragmentBytes: 32 * 1024 * 1024,
  backends: 4096,
  affinityClients: 65_536,
  macs: 131_072,
  rules: 65_536,
  setElements: 65_536,
  cachedFlows: 131_072,
  verifyChecksums: "header",
  icmpRate: "100/s",
  icmpBurst: 50,
  mtu: 1500,
  ageing: "300s",
  weight: 1,
  priority: 32_768,
  logBurst: 5,
} as const;
