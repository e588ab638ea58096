// The path's own check of transport checksums; connection tracking makes the same one.

export { verifyTransport } from "../parse/transport_checksum";
