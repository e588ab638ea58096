// What mends the commonest surprises of a replay.

import type { Model } from "../engine.ts";

const HINTS: Readonly<Record<string, (model: Model) => string>> = {
  "no-neighbor": () =>
    "list the next hops under 'neighbors:' { port, ip, mac }; a replay cannot ask for them",
  "frame-too-large": ({ engine }) =>
    `raise engine.frame_size (now ${engine.frameSize}) to the longest packet and its headroom`,
  "ip4-bad-checksum": () => "--no-checksum is for captures taken where the card fills checksums in",
  "l4-bad-checksum": () => "--no-checksum is for captures taken where the card fills checksums in",
  "not-our-mac": () => "'promiscuous: true' makes a port take frames for any MAC",
  truncated: () => "capture whole packets (snaplen 0)",
  "no-frame": ({ engine }) => `raise engine.frames (now ${engine.frames})`,
};

/** Drop reason and advice, in the order of the drops. */
export function hintsFor(
  drops: Readonly<Record<string, number>>,
  model: Model,
): readonly (readonly [reason: string, advice: string])[] {
  return Object.keys(drops).flatMap((reason) => {
    const hint = HINTS[reason];
    return hint === undefined ? [] : [[reason, hint(model)] as const];
  });
}
