// Parsing alone, for its tests: compiled by test/support/compile.ts.

export { track } from "../../assembly/memory/directory";
export { verifyTransport } from "../../assembly/stage/checksum";
export { parse } from "../../assembly/stage/parse";
export { foldSum, sumBytes } from "../../assembly/wire/checksum";
export { crc32c } from "../../assembly/wire/crc32c";
