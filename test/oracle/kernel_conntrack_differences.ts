// Where connection tracking and Linux 6.18 differ on captures, and why.

/** What became of a capture's packets, and the connections left. */
export interface Tally {
  readonly new: number;
  readonly established: number;
  readonly related: number;
  readonly invalid: number;
  readonly untracked: number;
  readonly left: number;
}

export interface Difference {
  readonly why: string;
  /** Only in the runs that verify checksums (true), or that do not (false); else in both. */
  readonly checksum?: boolean;
  /**
   * What we count instead; without it, what parse dropped counts as INVALID and must make it up.
   */
  readonly ours?: Partial<Tally>;
  /** The tables of connections differ too. */
  readonly table?: boolean;
}

const STRAY = "the kernel saw IPv6 packets of its own namespace (neighbor discovery) in this run";
const FRAGMENTS = "the kernel puts fragments together before: see kernel_fragments.test.ts";
const TO_ITSELF = "packets from an address to itself are dropped by parse (drop reason land)";

export const DIFFERENCES: Readonly<Record<string, readonly Difference[]>> = {
  "gre.pcap": [
    {
      why:
        "PPTP: the kernel tells calls apart by their keys, so that neither end ever " +
        "answers the other; here a tunnel is its two ends (RFC 2637 4.1)",
      checksum: true,
      ours: { new: 2, established: 18, left: 2 },
      table: true,
    },
    { why: "as above", checksum: false, ours: { new: 2, established: 24, left: 2 } },
  ],
  "tcp-http-rst.pcap": [{ why: STRAY, checksum: true, ours: { invalid: 0 } }],
  "tcp-retrans.pcap": [{ why: STRAY, checksum: true, ours: { invalid: 0 } }],
  "icmp-errors.pcapng": [{ why: `${TO_ITSELF}; the kernel finds this one INVALID` }],
  "fmt-nsec-be.pcap": [
    { why: TO_ITSELF, checksum: true, ours: { invalid: 0 } },
    { why: TO_ITSELF, checksum: false, ours: { new: 0, established: 0, left: 0 } },
  ],
  "ipv6-jumbogram.pcap": [
    { why: "too large to be sent to the kernel", ours: { new: 1, left: 1 }, table: true },
  ],
  "srv6-bundle.pcap": [
    {
      why:
        "with segments left the checksum is made for the last of them (RFC 8200 8.1, RFC " +
        "8754); the kernel takes the header's destination",
      checksum: true,
      ours: { new: 3, invalid: 2, left: 3 },
      table: true,
    },
  ],
  "malformed-bundle.pcap": [
    {
      why:
        "parse drops by its own reasons what the kernel tracks: packets to themselves, a " +
        "short ICMPv6 header (RFC 4443 2.1), a payload length of 0 without a jumbo option " +
        "(RFC 2675 3), an option it must refuse (RFC 8200 4.2); and DCCP has ports (RFC " +
        "4340 5.1), which the kernel does not look at any more",
      checksum: true,
      ours: { new: 2, established: 5, invalid: 14, left: 2 },
      table: true,
    },
    {
      why: "as above",
      checksum: false,
      ours: { new: 6, established: 11, invalid: 4, left: 4 },
    },
  ],
  "frag-ip4.pcap": [{ why: FRAGMENTS, ours: { new: 3, established: 0, invalid: 50 }, table: true }],
  "frag-ip6.pcap": [{ why: FRAGMENTS, ours: { new: 0, invalid: 36 } }],
  "frag-evasion-v6.pcap": [{ why: FRAGMENTS, ours: { invalid: 54 } }],
  "ipfrag-in.pcap": [
    {
      why: FRAGMENTS,
      checksum: true,
      ours: { new: 595, established: 144, invalid: 2254 },
      table: true,
    },
    { why: FRAGMENTS, checksum: false, ours: { established: 1126, invalid: 1859 } },
  ],
};
