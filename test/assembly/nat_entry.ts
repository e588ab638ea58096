// NAT alone, for test/assembly/nat*.test.ts.

export { openDirectory } from "../../assembly/memory/directory";
export { chooseNat, chooseNothing } from "../../assembly/nat/choose";
export { translateDestination, translateSource } from "../../assembly/nat/translate";
export { hashOfTuple } from "../../assembly/parse/tuple";
export { verifyTransport } from "../../assembly/stage/checksum";
export { parse } from "../../assembly/stage/parse";
export { originalTuple, replyTuple } from "../../assembly/state/connection_tuples";
export {
  beginConnection,
  confirmConnection,
  findConnection,
  isTupleTaken,
} from "../../assembly/state/connections";
