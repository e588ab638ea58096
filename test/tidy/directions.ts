// Who may import whom (folders are layers): part of the project -> parts it may import.
// "stage" is not in the list of "stage": a stage never imports a stage.

export type Directions = Readonly<Record<string, readonly string[]>>;

const BASE = ["packet", "connection", "layout", "drops"];

export const ASSEMBLY: Directions = {
  index: ["burst", "waiting", "steering", "device", "state", "memory", ...BASE],
  // The path, what the engine sends of its own, and what waits on the way: each may lead to each.
  burst: [
    "bridging",
    "cutting",
    "deferring",
    "ending",
    "leaving",
    "originate",
    "outer",
    "reading",
    "tracking",
    "tunneling",
    "waiting",
    "stage",
    "action",
    "track",
    "state",
    "table",
    "memory",
    ...BASE,
  ],
  // A packet's end.
  ending: ["leaving", "originate", "tunneling", "waiting", "action", "memory", ...BASE],
  deferring: ["burst", "leaving", "originate", "stage", "state", "table", "memory", ...BASE],
  // Leaving by what is no device: bridges and tunnels.
  leaving: [
    "bridging",
    "tunneling",
    "waiting",
    "stage",
    "action",
    "state",
    "table",
    "memory",
    ...BASE,
  ],
  bridging: [
    "flooding",
    "guarding",
    "leaving",
    "guarding",
    "stage",
    "bridge",
    "action",
    "respond",
    "state",
    "table",
    "memory",
    ...BASE,
  ],
  // What a bridge sends to all.
  flooding: ["leaving", "bridge", "action", "respond", "state", "table", "memory", ...BASE],
  // What a bridge answers.
  guarding: ["originate", "bridge", "memory", ...BASE],
  tunneling: [
    "cutting",
    "leaving",
    "originate",
    "stage",
    "tunnel",
    "action",
    "respond",
    "state",
    "table",
    "memory",
    ...BASE,
  ],
  tracking: ["stage", "action", "helper", "track", "nat", "state", "table", "memory", ...BASE],
  // What a packet is read as.
  reading: ["stage", "action", "table", "wire", "memory", ...BASE],
  // What tunnels ask of packets before they are known to be theirs.
  outer: ["stage", "tunnel", "state", "memory", ...BASE],
  // Cutting sends the pieces.
  cutting: ["burst", "originate", "stage", "state", "table", "memory", "wire", ...BASE],
  originate: [
    "bridge",
    "cutting",
    "leaving",
    "reading",
    "tracking",
    "waiting",
    "stage",
    "action",
    "track",
    "state",
    "table",
    "memory",
    ...BASE,
  ],
  waiting: ["deferring", "ending", "leaving", "originate", "stage", "state", "memory", ...BASE],
  steering: ["stage", "device", "memory", ...BASE],
  // Looking ahead needs to know what a bridge will ask for.
  device: ["device", "bridge", "parse", "state", "table", "memory", "wire", ...BASE],
  stage: [
    "action",
    "tunnel",
    "track",
    "nat",
    "parse",
    "respond",
    "state",
    "table",
    "wire",
    "memory",
    ...BASE,
  ],
  // What flows do to packets.
  action: [
    "action",
    "helper",
    "track",
    "nat",
    "parse",
    "respond",
    "state",
    "table",
    "wire",
    "memory",
    ...BASE,
  ],
  // What connections follow: protocols' states, helpers that read along; and how NAT changes them.
  track: ["track", "nat", "parse", "respond", "state", "table", "wire", "memory", ...BASE],
  // What reads along in connections, and writes what they announce anew.
  helper: ["helper", "track", "nat", "parse", "state", "wire", "memory", ...BASE],
  nat: ["nat", "parse", "respond", "state", "table", "wire", "memory", ...BASE],
  // What bridges and tunnels are made of.
  bridge: [
    "bridge",
    "tunnel",
    "action",
    "parse",
    "respond",
    "state",
    "table",
    "wire",
    "memory",
    ...BASE,
  ],
  tunnel: ["tunnel", "action", "parse", "respond", "state", "table", "wire", "memory", ...BASE],
  // What several stages, or one large one, are made of.
  parse: ["parse", "memory", "wire", ...BASE],
  respond: ["respond", "state", "table", "memory", "wire", ...BASE],
  state: ["state", "table", "memory", ...BASE],
  table: ["table", "state", "memory", "layout"],
  memory: ["memory", "packet", "layout"],
  wire: ["wire"],
  packet: ["layout"],
  connection: ["layout"],
  layout: [],
  drops: [],
};

export const HOST: Directions = {
  cli: ["cli", "api", "engine", "policy", "trace", "config", "errors"],
  // Policy tests: packets in text, and what is expected of them.
  policy: ["policy", "engine", "config", "io", "errors"],
  api: ["api", "engine", "config", "errors"],
  engine: ["compile", "config", "control", "io", "memory", "replay", "trace", "worker", "errors"],
  // What the library lets its users change and read while the engine runs.
  control: ["control", "compile", "config", "memory", "errors"],
  replay: ["replay", "memory", "worker", "io", "errors"],
  trace: ["trace", "memory", "config", "errors"],
  compile: ["compile", "memory", "config", "errors", "assembly"],
  memory: ["memory", "errors", "assembly"],
  worker: ["worker", "io", "errors", "assembly"],
  config: ["config", "errors"],
  io: ["io", "errors"],
  errors: [],
};

/** Packages that one place only may import. */
export const PACKAGES: Readonly<Record<string, RegExp>> = {
  koffi: /^src\/io\/linux\.ts$/,
  piscina: /^src\/worker\/pool\.ts$/,
  "@assemblyscript/loader": /^src\/worker\/kernel\.ts$/,
  fastify: /^src\/api\//,
  commander: /^src\/cli\//,
  typebox: /^src\/(config|api)\//,
  yaml: /^src\/config\//,
};
