// The fields of tunnel headers, for tests.

export * from "../../assembly/wire/erspan";
export * from "../../assembly/wire/geneve";
export * from "../../assembly/wire/gre";
export * from "../../assembly/wire/mpls";
export * from "../../assembly/wire/udp";
export * from "../../assembly/wire/vxlan";
