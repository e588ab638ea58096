// The progress of a replay on a terminal's stderr; nothing anywhere else.

import { SingleBar } from "cli-progress";
import { rate, whole } from "./numbers.ts";

export interface Progress {
  /** @param share of the whole that is done, 0 to 1, as far as is known */
  update(packets: number, share: number): void;
  /** Takes the bar away. */
  stop(): void;
}

const WHOLE = 1000;

/** A bar when the stream is a terminal, else undefined. */
export function createProgress(stream: NodeJS.WriteStream, loops: number): Progress | undefined {
  if (!stream.isTTY) return undefined;
  // How long a capture is shows only at its end: without loops there is no share to draw.
  const format = loops > 1 ? "[{bar}] {percentage} %  {packets}" : "{packets}";
  const bar = new SingleBar({
    stream,
    format,
    clearOnComplete: true,
    // Signals are handled by the command, which stops the bar.
    gracefulExit: false,
    barCompleteChar: "=",
    barIncompleteChar: " ",
    barsize: 30,
  });
  const start = performance.now();
  const label = (packets: number) => {
    const seconds = (performance.now() - start) / 1000;
    return `${whole(packets)} packets, ${rate(packets / Math.max(seconds, 0.001), "pps")}`;
  };
  bar.start(WHOLE, 0, { packets: label(0) });
  return {
    update: (packets, done) => bar.update(Math.round(done * WHOLE), { packets: label(packets) }),
    stop: () => bar.stop(),
  };
}
