// Flows as rows of the classifier: what each matches, compiled, with the memory of its predicates;
// and which parts of the key all of them together look at.

import * as layout from "../../assembly/layout.ts";
import { FIELDS, type FieldName } from "../config/fields.ts";
import type { MatchModel, SetMatchModel, SetModel, TermModel } from "../config/model.ts";
import type { Arena } from "../memory/arena.ts";
import type { Region } from "../memory/region.ts";
import type { ChangeRing } from "./changes.ts";
import { Classifier, type RowMatch } from "./classifier.ts";
import type { Flow } from "./flow.ts";
import { keyFieldOf, MaskedKey } from "./key.ts";
import { compileMatch, type RowModel } from "./match.ts";
import { type PredicateModel, Predicates } from "./predicates.ts";
import { commonBits } from "./ranges.ts";
import type { SetTable } from "./sets.ts";

/** A row in the form the classifier takes; one object, used for every row. */
class RowDraft implements RowMatch {
  mask = new Uint32Array(0);
  value = new Uint32Array(0);
  predicates = 0;
  rangeOffset = 0;
  rangeLow = 0;
  rangeHigh = 0xffff;
}

/** Fields by which a set is looked up, one at a time; undefined: several together. */
type SetUse = Set<FieldName> | undefined;

const PORT_BITS = 16;

export class FlowRows {
  readonly #region: Region;
  readonly #classifier: Classifier;
  readonly #predicates: Predicates;
  readonly #draft = new RowDraft();
  readonly #setUses = new Map<number, SetUse>();
  /** Fields that CONTROL_KEY_MASK covers; those that are to come. */
  readonly #fields = new Set<FieldName>();
  readonly #newFields = new Set<FieldName>();
  /** All of both. */
  #covered = new MaskedKey();

  constructor(region: Region, arena: Arena, sets: SetTable) {
    this.#region = region;
    this.#classifier = new Classifier(region, arena);
    this.#predicates = new Predicates(region, arena, sets);
  }

  /**
   * Adds the rows of a flow, unseen until the version is published, and notes in the ring, if one
   * is given, which packets are concerned. Throws LIMIT_EXCEEDED; what it has added then is gone
   * with remove().
   */
  insert(flow: Flow, ring: ChangeRing | undefined, version: number): void {
    for (const row of compileMatch(flow.match)) {
      if (row.predicates.length > 0 || !this.#covered.covers(row.key)) this.#noteMatch(flow.match);
      ring?.note(row.key);
      const predicates = this.#write(row);
      try {
        const handle = this.#classifier.insert(flow.table, flow, flow.number, this.#draft, version);
        addRow(flow, handle, predicates);
      } catch (error) {
        this.#predicates.release(predicates);
        throw error;
      }
    }
  }

  /** Notes which packets are concerned when the flow is gone. */
  note(flow: Flow, ring: ChangeRing): void {
    if (!ring.isOpen) return;
    for (const { key } of compileMatch(flow.match)) ring.note(key);
  }

  /** Removes the rows of a flow: workers see them no more from the version on. */
  remove(flow: Flow, version: number): void {
    if (flow.row !== 0) this.#classifier.remove(flow.row, version);
    if (flow.moreRows === undefined) return;
    for (const { row } of flow.moreRows) this.#classifier.remove(row, version);
  }

  /** Gives the predicates of a flow back, whose rows no worker sees any more. */
  release(flow: Flow): void {
    this.#predicates.release(flow.predicates);
    if (flow.moreRows === undefined) return;
    for (const { predicates } of flow.moreRows) this.#predicates.release(predicates);
  }

  /**
   * Takes back what was removed up to this version; every worker uses this version or a later one.
   * @param isIdle no worker is running
   */
  settle(version: number, isIdle: boolean): void {
    this.#classifier.settle(version, isIdle);
  }

  /** Widens CONTROL_KEY_MASK by what new rows look at; outcomes cached so far do not say it. */
  writeKeyMask(ring: ChangeRing): void {
    if (this.#newFields.size === 0) return;
    for (const field of this.#newFields) this.#fields.add(field);
    this.#newFields.clear();
    const key = this.#covered;
    const at = layout.CONTROL_KEY_MASK / 4;
    let grown = 0;
    for (const [word, mask] of key.maskWords.entries()) {
      const before = this.#region.u32[at + word] as number;
      grown |= mask & ~before;
      this.#region.u32[at + word] = before | mask;
    }
    if (grown === 0) return;
    const blocks = this.#region.getU32(layout.CONTROL_KEY_BLOCKS) | key.blocks;
    this.#region.setU32(layout.CONTROL_KEY_BLOCKS, blocks);
    ring.noteAny();
  }

  /** Forgets fields of rows that were not published. */
  rollback(): void {
    if (this.#newFields.size === 0) return;
    this.#newFields.clear();
    this.#covered = new MaskedKey();
    for (const field of this.#fields) cover(this.#covered, field);
  }

  /** Notes which packets are concerned when elements of a set come or go. */
  noteElements(set: number, elements: SetModel["elements"], ring: ChangeRing): void {
    if (!this.#setUses.has(set)) {
      ring.noteNothing();
      return;
    }
    const use = this.#setUses.get(set);
    const [field] = use ?? [];
    if (use?.size !== 1 || field === undefined) {
      ring.noteAny();
      return;
    }
    const place = keyFieldOf(field);
    const key = new MaskedKey();
    for (const [term] of elements) {
      if (!ring.isOpen) return;
      const { value, mask } = maskedPart(term as TermModel, place.bits);
      key.clear();
      key.write(place, value, mask);
      ring.note(key);
    }
  }

  /** The draft of a row; returns the address of its predicates. Throws LIMIT_EXCEEDED. */
  #write({ key, predicates }: RowModel): number {
    const draft = this.#draft;
    draft.mask = key.maskWords as Uint32Array<ArrayBuffer>;
    draft.value = key.valueWords as Uint32Array<ArrayBuffer>;
    draft.rangeOffset = 0;
    draft.rangeLow = 0;
    draft.rangeHigh = 0xffff;
    draft.predicates = 0;
    if (predicates.length === 0) return 0;
    const inRow = predicates.findIndex(isPortRange);
    if (inRow >= 0) this.#writeRange(predicates[inRow] as PredicateModel);
    const rest = inRow < 0 ? predicates : predicates.filter((_, place) => place !== inRow);
    draft.predicates = this.#predicates.write(rest);
    return draft.predicates;
  }

  #writeRange(predicate: PredicateModel): void {
    if (predicate.kind !== "ranges") return;
    const [range] = predicate.ranges;
    this.#draft.rangeOffset = keyFieldOf(predicate.field).offset;
    this.#draft.rangeLow = Number(range?.low);
    this.#draft.rangeHigh = Number(range?.high);
  }

  /** Notes which fields are looked at, and by which of them in sets. */
  #noteMatch(match: readonly MatchModel[]): void {
    for (const condition of match) {
      if (condition.kind === "field") {
        this.#noteField(condition.field);
        continue;
      }
      for (const field of condition.fields) this.#noteField(field);
      this.#noteSet(condition);
    }
  }

  #noteField(field: FieldName): void {
    if (this.#fields.has(field) || this.#newFields.has(field)) return;
    this.#newFields.add(field);
    cover(this.#covered, field);
  }

  #noteSet({ fields, set }: SetMatchModel): void {
    const known = this.#setUses.get(set);
    if (fields.length > 1) this.#setUses.set(set, undefined);
    else if (known !== undefined) known.add(fields[0] as FieldName);
    else if (!this.#setUses.has(set)) this.#setUses.set(set, new Set(fields));
  }
}

function addRow(flow: Flow, row: number, predicates: number): void {
  if (flow.row === 0) {
    flow.row = row;
    flow.predicates = predicates;
    return;
  }
  flow.moreRows ??= [];
  flow.moreRows.push({ row, predicates });
}

function cover(key: MaskedKey, field: FieldName): void {
  const place = keyFieldOf(field);
  key.write(place, 0, allBits(place.bits));
}

/** Whether the row itself can hold it: one range of a whole u16 of the key. */
function isPortRange(predicate: PredicateModel): boolean {
  if (predicate.kind !== "ranges" || predicate.negated || predicate.ranges.length !== 1) {
    return false;
  }
  const { bits, offset } = keyFieldOf(predicate.field);
  return bits === PORT_BITS && FIELDS[predicate.field].bits === PORT_BITS && offset % 2 === 0;
}

function allBits(bits: number): number | bigint {
  return bits <= 48 ? 2 ** bits - 1 : (1n << BigInt(bits)) - 1n;
}

/** Bits that all values of a term have. */
function maskedPart(
  term: TermModel,
  bits: number,
): { value: number | bigint; mask: number | bigint } {
  return term.kind === "masked" ? term : commonBits(term, bits);
}
