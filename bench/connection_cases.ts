// The cases of connections, and what the project wants of them.

export interface ConnectionCase {
  readonly id: string;
  readonly title: string;
  readonly connections: number;
  readonly tracked: boolean;
  readonly translated: boolean;
  readonly rules: number;
  readonly queues: readonly number[];
  /** First packets only, each of a connection of its own. */
  readonly fresh: boolean;
  readonly twin: boolean;
  /** Beside the kernel and Open vSwitch, too. */
  readonly kernel: boolean;
  /** Measured with --quick, too. */
  readonly quick: boolean;
}

const RULES = 1000;
const SIZES = [
  [4096, "4,096"],
  [65_536, "65,536"],
  [1_048_576, "1 M"],
] as const;
const KINDS = [
  { kind: "plain", words: "forwarded only", tracked: false, translated: false, rules: 0 },
  { kind: "tracked", words: "tracked", tracked: true, translated: false, rules: 0 },
  { kind: "snat", words: "tracked, SNAT", tracked: true, translated: true, rules: 0 },
  { kind: "rules", words: "tracked, 1,000 rules", tracked: true, translated: false, rules: RULES },
  {
    kind: "all",
    words: "tracked, SNAT, 1,000 rules",
    tracked: true,
    translated: true,
    rules: RULES,
  },
] as const;
/** The kernel is measured with as many connections as its table holds anywhere. */
const KERNEL_SIZE = 65_536;

function established(): ConnectionCase[] {
  return SIZES.flatMap(([connections, size]) =>
    KINDS.map(({ kind, words, tracked, translated, rules }) => ({
      id: `${kind}-${connections}`,
      title: `${words}, ${size} connections`,
      connections,
      tracked,
      translated,
      rules,
      queues: kind === "snat" && connections === KERNEL_SIZE ? [1, 2] : [1],
      fresh: false,
      twin: true,
      kernel: connections === KERNEL_SIZE,
      quick: connections === 4096,
    })),
  );
}

function fresh(): ConnectionCase[] {
  return [false, true].map((translated) => ({
    id: translated ? "new-snat" : "new",
    title: translated ? "new connections, SNAT" : "new connections",
    connections: 0,
    tracked: true,
    translated,
    rules: 0,
    queues: [1, 2],
    fresh: true,
    twin: false,
    kernel: true,
    quick: true,
  }));
}

export const CONNECTION_CASES: readonly ConnectionCase[] = [...established(), ...fresh()];

/** Time to the twin's, at most; rate to others', at least; bytes per connection, at most. */
export const CONNECTION_GOALS = { twin: 1.6, kernel: 3, openVSwitch: 3, bytes: 192 } as const;
/** What the memory is measured with. */
export const MEMORY_CONNECTIONS = 1_048_576;
