// Predicates: what a row demands of the key beyond its mask (ranges, lists, negations, sets). The
// drawing is in layout.ts. The host writes a list once; only the sets it may refer to change.

import {
  KEY_BLOCK,
  PREDICATE_COUNT,
  PREDICATE_FLAGS,
  PREDICATE_KIND,
  PREDICATE_LAST,
  PREDICATE_LEFT,
  PREDICATE_MASKED,
  PREDICATE_NEGATED,
  PREDICATE_OFFSET,
  PREDICATE_RANGES,
  PREDICATE_RIGHT,
  PREDICATE_SET_ADDRESS,
  PREDICATE_SIZE,
  PREDICATE_TERMS,
  PREDICATE_WIDE_RANGES,
} from "../layout";
import { isAbove, isBelow, isMember } from "./sets";

const RANGE: usize = 16;
const WIDE_RANGE: usize = 32;
const MASKED_TERM: usize = 2 * KEY_BLOCK;

/** Whether all predicates of the list at an address hold for a key. */
export function predicatesHold(address: usize, key: usize): bool {
  let predicate = address;
  while (true) {
    const flags: u32 = load<u8>(predicate, PREDICATE_FLAGS);
    if (isAny(predicate, key) === ((flags & PREDICATE_NEGATED) !== 0)) return false;
    if ((flags & PREDICATE_LAST) !== 0) return true;
    predicate += load<u32>(predicate, PREDICATE_SIZE);
  }
}

/** Whether any of the predicate's terms holds. */
function isAny(predicate: usize, key: usize): bool {
  const field = key + <usize>load<u8>(predicate, PREDICATE_OFFSET);
  const terms = predicate + PREDICATE_TERMS;
  const count = load<u32>(predicate, PREDICATE_COUNT);
  switch (<u32>load<u8>(predicate, PREDICATE_KIND)) {
    case PREDICATE_RANGES: {
      const word = bswap<u64>(load<u64>(field)) << (<u64>load<u8>(predicate, PREDICATE_LEFT));
      return isInRanges(word >> <u64>load<u32>(predicate, PREDICATE_RIGHT), terms, count);
    }
    case PREDICATE_MASKED:
      return isAnyMasked(v128.load(field), terms, count);
    case PREDICATE_WIDE_RANGES: {
      const upper = bswap<u64>(load<u64>(field));
      return isInWideRanges(upper, bswap<u64>(load<u64>(field, 8)), terms, count);
    }
    default:
      return isMember(load<u32>(predicate, PREDICATE_SET_ADDRESS), terms, count, key);
  }
}

function isAnyMasked(block: v128, terms: usize, count: u32): bool {
  const end = terms + <usize>count * MASKED_TERM;
  for (let term = terms; term < end; term += MASKED_TERM) {
    const masked = v128.and(block, v128.load(term));
    if (!v128.any_true(v128.xor(masked, v128.load(term, KEY_BLOCK)))) return true;
  }
  return false;
}

/** Ranges are ascending and disjoint: the last one that begins at or below the value decides. */
function isInRanges(value: u64, ranges: usize, count: u32): bool {
  let first = ranges;
  for (let left = count; left > 1; ) {
    const half = left >> 1;
    const middle = first + <usize>half * RANGE;
    first = select<usize>(middle, first, load<u64>(middle) <= value);
    left -= half;
  }
  return value >= load<u64>(first) && value <= load<u64>(first, 8);
}

function isInWideRanges(upper: u64, lower: u64, ranges: usize, count: u32): bool {
  let first = ranges;
  for (let left = count; left > 1; ) {
    const half = left >> 1;
    const middle = first + <usize>half * WIDE_RANGE;
    if (!isBelow(upper, lower, middle)) first = middle;
    left -= half;
  }
  return !isBelow(upper, lower, first) && !isAbove(upper, lower, first + RANGE);
}
