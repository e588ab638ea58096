// Expectations of packets as they are written -> conditions.

import { SYNTAX } from "../config/field_syntax.ts";
import type { FieldName } from "../config/fields.ts";
import type { Path } from "../config/problems.ts";
import { describeValue, unknownName } from "../config/wording.ts";
import { DROP_REASONS } from "../engine.ts";
import {
  type Condition,
  conditionOfBytes,
  conditionOfField,
  conditionsOfText,
  type Expectation,
  type ExpectedFrame,
} from "./expectation.ts";
import { TEST_FIELDS } from "./frame_fields.ts";
import { parseHex } from "./octets.ts";
import { PacketTextError, parsePacketText } from "./packet_text.ts";
import type { ExpectationDocument, FrameDocument, PacketDocument, Verdict } from "./schema.ts";
import type { TestScene } from "./test_file.ts";

const REASONS = DROP_REASONS.map(({ name }) => name);

export class ExpectationReader {
  readonly #scene: TestScene;

  constructor(scene: TestScene) {
    this.#scene = scene;
  }

  /** Undefined when nothing is expected. */
  read(written: PacketDocument["expect"], path: Path): Expectation | undefined {
    if (written === undefined) return undefined;
    const document: ExpectationDocument =
      typeof written === "string" ? { verdict: written } : written;
    const { reason, sent } = document;
    const flows = this.#flows(document.flow, path);
    const conditions = this.#frame(document, path);
    const hasFrame = document.out !== undefined || conditions.conditions.length > 0;
    return {
      verdict: this.#verdict(document, path),
      reason,
      flows,
      states: listOf(document.ct_state),
      zone: document.ct_zone,
      mark: document.ct_mark,
      frame: hasFrame ? conditions : undefined,
      sent:
        typeof sent === "number"
          ? sent
          : sent?.map((one, place) => {
              return this.#frame(one, [...path, "sent", place]);
            }),
    };
  }

  /** A reason without a verdict says that it is dropped. */
  #verdict({ verdict, reason }: ExpectationDocument, path: Path): Verdict | undefined {
    if (reason === undefined) return verdict;
    const { source } = this.#scene;
    if (!REASONS.includes(reason)) {
      source.report([...path, "reason"], unknownName("drop reason", reason, REASONS));
    }
    if (verdict !== undefined && verdict !== "dropped") {
      source.report([...path, "reason"], `a packet that is ${verdict} has no drop reason`);
    }
    return "dropped";
  }

  #flows(written: ExpectationDocument["flow"], path: Path): readonly string[] {
    const flows = listOf(written);
    const { source, model } = this.#scene;
    for (const flow of flows) {
      const [name = "", id = "", ...rest] = flow.split("/");
      const table = model.tables.find((one) => one.name === name);
      const names = model.tables.map((one) => one.name);
      if (table === undefined) {
        source.report([...path, "flow"], unknownName("table", name, names));
      } else if (id !== "miss" && (rest.length > 0 || !table.flows.some((one) => one.id === id))) {
        const ids = [...table.flows.flatMap((one) => one.id ?? []), "miss"];
        source.report([...path, "flow"], unknownName(`flow of table '${name}'`, id, ids));
      }
    }
    return flows;
  }

  #frame(document: FrameDocument, path: Path): ExpectedFrame {
    const { source, model } = this.#scene;
    const { out, packet, hex } = document;
    const names = model.ports.map(({ name }) => name);
    if (out !== undefined && !names.includes(out)) {
      source.report([...path, "out"], unknownName("port", out, names));
    }
    const fields = Object.keys(document).filter(
      (name) => SYNTAX.has(name as FieldName) || isOurs(name),
    );
    const conditions = [
      ...(packet === undefined ? [] : this.#text(packet, [...path, "packet"])),
      ...(hex === undefined ? [] : this.#bytes(hex, [...path, "hex"])),
      ...fields.flatMap((name) => this.#field(name, document[name], [...path, name])),
    ];
    return { out, conditions };
  }

  #text(text: string, path: Path): Condition[] {
    try {
      return conditionsOfText(parsePacketText(text));
    } catch (error) {
      if (!(error instanceof PacketTextError || error instanceof RangeError)) throw error;
      this.#scene.source.report(path, error.message);
      return [];
    }
  }

  #bytes(text: string, path: Path): Condition[] {
    const bytes = parseHex(text);
    if (bytes !== undefined) return [conditionOfBytes(bytes)];
    const expected = "expected a frame in hexadecimal digits";
    this.#scene.source.report(path, `${expected}, found ${describeValue(text)}`);
    return [];
  }

  #field(name: string, written: unknown, path: Path): Condition[] {
    if (name.startsWith("ct_")) return [];
    const condition = conditionOfField(name, written);
    if (condition !== undefined) return [condition];
    const { expected } = SYNTAX.get(name as FieldName)!;
    this.#scene.source.report(path, `expected ${expected}, found ${describeValue(written)}`);
    return [];
  }
}

function isOurs(name: string): boolean {
  return Object.hasOwn(TEST_FIELDS, name);
}

function listOf(written: string | readonly string[] | undefined): readonly string[] {
  return written === undefined ? [] : typeof written === "string" ? [written] : written;
}
