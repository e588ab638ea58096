// Emphasis on terminals that show it, plain text everywhere else (no-color.org).

import type { WriteStream } from "node:tty";

export type Emphasis = (text: string) => string;

export interface Style {
  readonly bold: Emphasis;
  readonly dim: Emphasis;
  readonly red: Emphasis;
  readonly green: Emphasis;
  readonly yellow: Emphasis;
}

function sequence(on: number, off: number): Emphasis {
  return (text) => `\u001b[${on}m${text}\u001b[${off}m`;
}

const COLOURED: Style = {
  bold: sequence(1, 22),
  dim: sequence(2, 22),
  red: sequence(31, 39),
  green: sequence(32, 39),
  yellow: sequence(33, 39),
};

const same: Emphasis = (text) => text;
export const PLAIN: Style = { bold: same, dim: same, red: same, green: same, yellow: same };

/** The emphasis a stream shows. */
export function styleFor(stream: Pick<WriteStream, "isTTY">, env = process.env): Style {
  const wanted = (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
  return stream.isTTY && wanted ? COLOURED : PLAIN;
}
