// Cases that do not pass, each with its reason. The suite wants exactly these.

import type { Outcome } from "./runner.ts";

export interface ExplainedCase {
  readonly status: Exclude<Outcome["status"], "passed">;
  readonly why: string;
}

/** Open vSwitch fails these too; with right checksums in their frames they pass (sctp.ts). */
const SCTP: ExplainedCase = {
  status: "failed",
  why: "the checksums in both frames are not those of SCTP (RFC 9260 6.8), as sctp.ts says",
};

const WRONG_SUMS = [
  "of13/action/25_SET_FIELD/17_SCTP_SRC_IPv4.json: ethernet/itag/ethernet/ipv4/sctp(src_port=11111)-->'actions=pop_pbb,goto_table:1','table_id:1,sctp_src=11111,actions=set_field:12345->sctp_src,output:2'",
  "of13/action/25_SET_FIELD/17_SCTP_SRC_IPv6.json: ethernet/ipv6/udp(sctp_port=11111)-->'sctp_src=11111,actions=set_field:12345->sctp_src,output:2'",
  "of13/action/25_SET_FIELD/17_SCTP_SRC_IPv6.json: ethernet/vlan/ipv6/sctp(src_port=11111)-->'sctp_src=11111,actions=set_field:12345->sctp_src,output:2'",
  "of13/action/25_SET_FIELD/17_SCTP_SRC_IPv6.json: ethernet/mpls/ipv6/sctp(src_port=11111)-->'actions=pop_mpls:0x86dd,goto_table:1','table_id:1,sctp_src=11111,actions=set_field:12345->sctp_src,output:2'",
  "of13/action/25_SET_FIELD/17_SCTP_SRC_IPv6.json: ethernet/itag/ethernet/ipv6/sctp(src_port=11111)-->'actions=pop_pbb,goto_table:1','table_id:1,sctp_src=11111,actions=set_field:12345->sctp_src,output:2'",
  "of13/action/25_SET_FIELD/18_SCTP_DST_IPv4.json: ethernet/ipv4/sctp(dst_port=2222)-->'sctp_dst=2222,actions=set_field:6789->sctp_dst,output:2'",
  "of13/action/25_SET_FIELD/18_SCTP_DST_IPv4.json: ethernet/vlan/ipv4/sctp(dst_port=2222)-->'sctp_dst=2222,actions=set_field:6789->sctp_dst,output:2'",
  "of13/action/25_SET_FIELD/18_SCTP_DST_IPv4.json: ethernet/mpls/ipv4/sctp(dst_port=2222)-->'actions=pop_mpls:0x0800,goto_table:1','table_id:1,sctp_dst=2222,actions=set_field:6789->sctp_dst,output:2'",
  "of13/action/25_SET_FIELD/18_SCTP_DST_IPv6.json: ethernet/ipv6/sctp(dst_port=2222)-->'sctp_dst=2222,actions=set_field:6789->sctp_dst,output:2'",
  "of13/action/25_SET_FIELD/18_SCTP_DST_IPv6.json: ethernet/mpls/ipv6/sctp(dst_port=2222)-->'actions=pop_mpls:0x86dd,goto_table:1','table_id:1,sctp_dst=2222,actions=set_field:6789->sctp_dst,output:2'",
  "of13/action/25_SET_FIELD/18_SCTP_DST_IPv6.json: ethernet/itag/ethernet/ipv6/sctp(dst_port=2222)-->'actions=pop_pbb,goto_table:1','table_id:1,sctp_dst=2222,actions=set_field:6789->sctp_dst,output:2'",
];

/** By nameOf() of the case. */
export const EXPLAINED: ReadonlyMap<string, ExplainedCase> = new Map(
  WRONG_SUMS.map((name) => [name, SCTP]),
);
