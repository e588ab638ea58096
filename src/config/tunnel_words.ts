// `tunnel_metadata`: which words of Geneve options the fields tun_metadata0 … are.

import Type, { type Static } from "typebox";
import type { Cursor } from "./cursor.ts";
import type { GeneveWordModel, TunnelModel } from "./model.ts";
import { integer, mapping } from "./vocabulary.ts";

const { Optional } = Type;

/** Words of data of an option, which are counted in five bits (RFC 8926 3.5). */
const HIGHEST_WORD = 30;
const OPTION_HEADER_BYTES = 4;
const WORD_BYTES = 4;
/** Bytes of all options of a packet (RFC 8926 3.4). */
const MOST_OPTION_BYTES = 252;

export const WORD_FIELDS = ["tun_metadata0", "tun_metadata1", "tun_metadata2"] as const;

function word(name: string) {
  return Optional(
    mapping(
      {
        class: integer(0, 0xffff, { description: "Class of the option (RFC 8926 7)." }),
        type: integer(0, 0xff, { description: "Its type, with the critical bit (0x80)." }),
        word: Optional(
          integer(0, HIGHEST_WORD, { description: "Which four bytes of its data.", default: 0 }),
        ),
      },
      { description: `The word that \`${name}\` matches and sets.` },
    ),
  );
}

const [first, second, third] = WORD_FIELDS;

export const TunnelWordsSchema = mapping(
  { [first]: word(first), [second]: word(second), [third]: word(third) },
  {
    description:
      "Words of Geneve options that flows match and set. Options marked critical of which no " +
      "word is named here are unknown: packets with them are dropped (RFC 8926 3.5).",
  },
);

type TunnelWordsDocument = Static<typeof TunnelWordsSchema>;

/**
 * By number of the field; undefined: it is no word of any option. Reports fields for the same word,
 * and tunnels whose options would not fit beside those that flows may set.
 */
export function buildTunnelWords(
  document: TunnelWordsDocument,
  tunnels: readonly TunnelModel[],
  cursor: Cursor,
): (GeneveWordModel | undefined)[] {
  const words = WORD_FIELDS.map((field): GeneveWordModel | undefined => {
    const written = document[field];
    if (written === undefined) return undefined;
    return { optionClass: written.class, type: written.type, word: written.word ?? 0 };
  });
  for (const [number, one] of words.entries()) {
    const twin = words.slice(0, number).findIndex((other) => other && one && sameWord(one, other));
    if (twin < 0) continue;
    cursor.wrongAt(WORD_FIELDS[number]!, `${WORD_FIELDS[twin]!} is this word already`);
  }
  const known = words.filter((one) => one !== undefined);
  for (const tunnel of tunnels) checkTunnel(tunnel, known, cursor);
  return words;
}

function sameWord(a: GeneveWordModel, b: GeneveWordModel): boolean {
  return sameOption(a, b) && a.word === b.word;
}

type Named = Pick<GeneveWordModel, "optionClass" | "type">;

function sameOption(a: Named, b: Named): boolean {
  return a.optionClass === b.optionClass && a.type === b.type;
}

function checkTunnel(tunnel: TunnelModel, words: readonly GeneveWordModel[], cursor: Cursor) {
  if (tunnel.type !== "geneve") return;
  const twice = tunnel.options.find((option) => words.some((one) => sameOption(one, option)));
  if (twice !== undefined) {
    const option = `class 0x${twice.optionClass.toString(16)}, type 0x${twice.type.toString(16)}`;
    cursor.wrong(
      `tunnel '${tunnel.name}' sends the option of ${option} with every packet (its 'options'): ` +
        "it cannot be set by flows, too",
    );
  }
  const own = tunnel.options.reduce((sum, { data }) => sum + OPTION_HEADER_BYTES + data.length, 0);
  const bytes = own + bytesOf(words);
  if (bytes > MOST_OPTION_BYTES) {
    cursor.wrong(
      `expected at most ${MOST_OPTION_BYTES} bytes of options (RFC 8926 3.4), with those of ` +
        `tunnel '${tunnel.name}'; found ${bytes}`,
    );
  }
}

/** Bytes of the options that have all these words. */
function bytesOf(words: readonly GeneveWordModel[]): number {
  const longest = words.filter(
    (one) => !words.some((other) => sameOption(one, other) && other.word > one.word),
  );
  return longest.reduce((sum, { word }) => sum + OPTION_HEADER_BYTES + (word + 1) * WORD_BYTES, 0);
}
