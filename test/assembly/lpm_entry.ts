// Look-ups for the tests of longest-prefix match: one by one, and many in a call.

import { lookup4, lookup6 } from "../../assembly/table/lpm";

export { lookup4, lookup6 } from "../../assembly/table/lpm";

/** Addresses are four u32 words each, most significant first; IPv4 uses the first. */
export function lookupMany4(root: usize, addresses: usize, values: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    store<u32>(values + ((<usize>i) << 2), lookup4(root, load<u32>(addresses + ((<usize>i) << 4))));
  }
}

export function lookupMany6(root: usize, addresses: usize, values: usize, count: u32): void {
  for (let i: u32 = 0; i < count; i++) {
    const address = addresses + ((<usize>i) << 4);
    const high = ((<u64>load<u32>(address)) << 32) | <u64>load<u32>(address, 4);
    const low = ((<u64>load<u32>(address, 8)) << 32) | <u64>load<u32>(address, 12);
    store<u32>(values + ((<usize>i) << 2), lookup6(root, high, low));
  }
}
