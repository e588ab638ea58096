// What the tests of tunnels call.

export { records, tunnelMetadata } from "../../assembly/memory/directory";
export { finishChecksum } from "../../assembly/tunnel/checksum";
export {
  foundEnd,
  foundEtherType,
  foundHasChecksum,
  foundHasId,
  foundHasSequence,
  foundId,
  foundOptions,
  foundOptionsBytes,
  foundSequence,
  foundTtl,
} from "../../assembly/tunnel/found";
export {
  acceptHeader,
  headerLength,
  isRefused,
  readHeader,
  writeHeader,
} from "../../assembly/tunnel/header";
export { innerEcn, outerService, propagateEcn } from "../../assembly/tunnel/service";
export { outerKeepsWhole, outerTtl, propagateTtl } from "../../assembly/tunnel/ttl";
export { sourcePort } from "../../assembly/tunnel/udp";
