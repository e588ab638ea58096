// What actions do to packets, for test/assembly/action*.test.ts.

export { meter } from "../../assembly/action/meter";
export { popMpls, pushMpls } from "../../assembly/action/mpls";
export { popPbb, pushPbb } from "../../assembly/action/pbb";
export { setField } from "../../assembly/action/set_field";
export {
  copyTtlIn,
  copyTtlOut,
  decrementIpTtl,
  decrementMplsTtl,
  setIpTtl,
  setMplsTtl,
} from "../../assembly/action/ttl";
export { popVlan, pushVlan } from "../../assembly/action/vlan";
export { openDirectory } from "../../assembly/memory/directory";
export { verifyTransport } from "../../assembly/stage/checksum";
export { parse } from "../../assembly/stage/parse";
