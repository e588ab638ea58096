// The engine's own answers as a kernel of their own, for test/assembly/{arp,nd,local,icmp_error}.
export { openDirectory } from "../../assembly/memory/directory";
export { arp } from "../../assembly/stage/arp";
export { icmpError, wantsIcmpError } from "../../assembly/stage/icmp_error";
export { local } from "../../assembly/stage/local";
export { nd } from "../../assembly/stage/nd";
