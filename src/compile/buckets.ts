// Sharing flows among next hops: a table of buckets, each with one member; a flow's hash chooses
// the bucket. When members come or go only the buckets that must move do, so that flows stay with
// the member they have (as Linux's resilient next-hop groups).

/** A next hop and its share. */
export interface BucketMember {
  /** Number of the member's forwarding entry. */
  readonly entry: number;
  readonly weight: number;
}

/** Buckets per unit of weight wanted, so that shares come within a few per cent. */
const BUCKETS_PER_WEIGHT = 16;
const LEAST_BUCKETS = 128;
export const MOST_BUCKETS = 4096;

/** How many buckets a group of this total weight gets: a power of two. */
export function bucketCount(totalWeight: number): number {
  const wanted = Math.max(LEAST_BUCKETS, totalWeight * BUCKETS_PER_WEIGHT);
  return Math.min(MOST_BUCKETS, 2 ** Math.ceil(Math.log2(wanted)));
}

/** How many of `count` buckets each member is due: by weight, the remainders to the largest. */
function quotas(members: readonly BucketMember[], count: number): Map<number, number> {
  const total = members.reduce((sum, { weight }) => sum + weight, 0);
  const shares = members.map((member) => ({ member, exact: (count * member.weight) / total }));
  const result = new Map(shares.map(({ member, exact }) => [member.entry, Math.floor(exact)]));
  let left = count - [...result.values()].reduce((sum, share) => sum + share, 0);
  const byRemainder = shares.toSorted(
    (a, b) => (b.exact % 1) - (a.exact % 1) || a.member.entry - b.member.entry,
  );
  for (const { member } of byRemainder) {
    if (left-- <= 0) break;
    result.set(member.entry, (result.get(member.entry) as number) + 1);
  }
  return result;
}

/**
 * A member's forwarding entry for each bucket. With `previous` (same length), buckets stay where
 * they are unless their member is gone or has more than its share while another lacks some.
 */
export function assignBuckets(
  members: readonly BucketMember[],
  count: number,
  previous?: Uint32Array,
): Uint32Array {
  const wanted = quotas(members, count);
  const buckets = new Uint32Array(count);
  const homeless: number[] = [];
  for (let bucket = 0; bucket < count; bucket++) {
    const entry = previous?.[bucket] ?? 0;
    const share = wanted.get(entry) ?? 0;
    if (share > 0) {
      buckets[bucket] = entry;
      wanted.set(entry, share - 1);
    } else {
      homeless.push(bucket);
    }
  }
  // Round robin over what the members still lack spreads them over the table.
  const lacking = [...wanted].filter(([, share]) => share > 0);
  for (let next = 0; homeless.length > 0; next++) {
    const place = lacking[next % lacking.length] as [number, number];
    buckets[homeless.shift() as number] = place[0];
    if (--place[1] === 0) lacking.splice(lacking.indexOf(place), 1);
  }
  return buckets;
}
