// TFTP: the answer to a request comes from another port than the one asked (RFC 1350 4), to the one
// that asked (nf_conntrack_tftp, nf_nat_tftp of Linux).

import { isTranslated } from "../connection";
import { HELPER_TFTP } from "../layout";
import { dataOf, l4Of, lengthOf } from "../packet";
import { roomOf } from "../parse/fields";
import { portsOf } from "../state/connection_tuples";
import { nowTick } from "../state/connections";
import { expectConnection } from "../state/expectations";
import { expectedTuple, translateExpected } from "./expect";

const UDP_HEADER: u32 = 8;
const OPCODE_BYTES: u32 = 2;
const READ: u32 = 1;
const WRITE: u32 = 2;

/** Reads a packet of a connection whose entry is in the table. */
export function helpTftp(record: usize, entry: usize): void {
  const request = l4Of(record) + UDP_HEADER;
  if (roomOf(record) < UDP_HEADER + OPCODE_BYTES) return;
  if (request + OPCODE_BYTES > dataOf(record) + lengthOf(record)) return;
  const opcode: u32 = bswap<u16>(load<u16>(request));
  if (opcode !== READ && opcode !== WRITE) return;
  const tuple = expectedTuple(entry, true, hostOrder(portsOf(entry, true) >> 16));
  const expectation = expectConnection(tuple, entry, HELPER_TFTP, nowTick);
  if (expectation === 0 || !isTranslated(entry)) return;
  translateExpected(expectation, entry, true, hostOrder(portsOf(entry, false)));
}

function hostOrder(port: u32): u32 {
  return <u32>bswap<u16>(<u16>port);
}
