// Where the engine does something else than the kernel, packet by packet, and why it may.

interface Difference {
  /** Steps of the scenario, counted from 0; the others are equal. */
  readonly steps: readonly number[];
  readonly reason: string;
}

const MALFORMED =
  "A header that does not fit its packet is dropped as malformed, whoever asks for its " +
  "connection; the kernel calls it invalid and lets it pass.";
const REDIRECT =
  "Nobody gets a redirect (RFC 792) through a translation from either. The kernel drops it " +
  "before routing; here it is dropped where the translation is done, and rules before see it.";
const AS_THEY_CAME =
  "Fragments leave as long as they came (RFC 8200 4.5 lets no router cut); the kernel cuts the " +
  "packet anew, by the longest fragment of IPv4, at 1280 bytes or more of IPv6.";
const SHORT_QUOTE =
  "Of a quote that ends within the transport header what is there is translated; the kernel " +
  "drops the error. RFC 792 asks for 8 bytes, but routers that quote fewer mean well.";

export const DIFFERENCES: ReadonlyMap<string, Difference> = new Map([
  ["tcp-bad-packets", { steps: [4], reason: MALFORMED }],
  ["udp-lengths", { steps: [0, 1], reason: MALFORMED }],
  ["icmp-checksums", { steps: [2], reason: MALFORMED }],
  ["icmp-errors-tcp-snat", { steps: [25], reason: REDIRECT }],
  ["icmp-errors-udp-snat", { steps: [22], reason: REDIRECT }],
  ["icmp-errors-echo-snat", { steps: [22], reason: REDIRECT }],
  ["icmp-errors-tcp-dnat", { steps: [13], reason: REDIRECT }],
  ["icmp-errors-udp-dnat", { steps: [10], reason: REDIRECT }],
  ["icmp-errors-echo-dnat", { steps: [10], reason: REDIRECT }],
  ["icmp-errors-of-short-quotes", { steps: [2, 3], reason: SHORT_QUOTE }],
  [
    "icmp-errors-about-tcp-headers",
    {
      steps: [4],
      reason:
        "Where the quote reaches TCP's checksum it is adjusted; the kernel does so only when " +
        "the whole header is quoted. The reader sees its own segment, checksum included.",
    },
  ],
  [
    "icmp-errors-about-nothing",
    {
      steps: [5],
      reason: "A quote whose version is 6 is no IPv4 packet; the kernel does not look at it.",
    },
  ],
  ["fragments-smaller-than-the-way", { steps: [3], reason: AS_THEY_CAME }],
  ["fragments-ipv6", { steps: [2], reason: AS_THEY_CAME }],
  ["fragments-ipv6-out-of-order", { steps: [2], reason: AS_THEY_CAME }],
  ["fragments-ipv6-snat", { steps: [1], reason: AS_THEY_CAME }],
  [
    "fragments-ipv6-atomic",
    {
      steps: [0],
      reason:
        "A whole packet with a Fragment header (RFC 6946) keeps it, counted among its bytes; " +
        "the kernel takes it away.",
    },
  ],
]);
