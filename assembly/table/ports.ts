// Ports as the kernels see them: written by the host, one entry of PORT_STRIDE bytes each.

import { PORT_FLAGS, PORT_MTU, PORT_PEER, PORT_STRIDE, PORT_UP, PORT_VRF } from "../layout";
import { ports } from "../memory/directory";

/** Address of a port's entry. */
export function portOf(number: u32): usize {
  return ports + <usize>number * PORT_STRIDE;
}
/** PORT_* bits of an entry. */
export function portFlags(port: usize): u32 {
  return load<u32>(port, PORT_FLAGS);
}
/** Whether packets may leave by the port. */
export function isUp(number: u32): bool {
  return (portFlags(portOf(number)) & PORT_UP) !== 0;
}
export function portVrf(port: usize): u32 {
  return load<u16>(port, PORT_VRF);
}
export function portPeer(port: usize): u32 {
  return load<u16>(port, PORT_PEER);
}
export function portMtu(port: usize): u32 {
  return load<u32>(port, PORT_MTU);
}
