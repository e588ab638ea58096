// What the key says of the tunnel a packet came by, or is to go by: its frame's metadata.

import {
  KEY_CT_MARK,
  KEY_METADATA,
  KEY_TUNNEL_DST,
  KEY_TUNNEL_SRC,
  META_DESTINATION,
  META_ID,
  META_SOURCE,
  META_WORDS,
} from "../layout";
import { frameMetadata } from "../memory/frames";

/**
 * Fills a key that is zero there: the identifier, the outer addresses and tun_metadata, which are
 * in network order in both. In whole blocks, as the look-up loads them.
 */
export function beginTunnelKey(key: usize, record: usize): void {
  const metadata = frameMetadata(record);
  const zero = i64x2.splat(0);
  const id = i64x2.replace_lane(zero, 1, load<u64>(metadata, META_ID));
  v128.store(key, id, KEY_METADATA);
  v128.store(key, v128.load(metadata, META_SOURCE), KEY_TUNNEL_SRC);
  v128.store(key, v128.load(metadata, META_DESTINATION), KEY_TUNNEL_DST);
  const words = v128.load(metadata, META_WORDS - 4);
  v128.store(key, i32x4.replace_lane(words, 0, 0), KEY_CT_MARK);
}
