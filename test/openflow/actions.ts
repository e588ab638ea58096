// OpenFlow instructions and actions as the configuration's action lists.

import { oxmField, portName } from "./fields.ts";
import { Unsupported } from "./unsupported.ts";
import type { Fields, Named } from "./vectors.ts";

/** Where packets for the controller (OFPP_CONTROLLER) leave. */
export const CONTROLLER = "controller";

/** Reserved ports (OpenFlow 1.3.5, 7.2.1). */
const RESERVED: Readonly<Record<number, unknown>> = {
  4294967288: "in_port",
  4294967290: "normal",
  4294967291: "flood",
  4294967292: "all",
  4294967293: { output: CONTROLLER },
  4294967294: "local",
};
const FIRST_RESERVED = 0xffffff00;

function output(port: number): unknown {
  if (port <= FIRST_RESERVED) return { output: portName(port) };
  const action = RESERVED[port];
  if (action === undefined) throw new Unsupported(`output to reserved port ${port}`);
  return action;
}

function setField({ field }: Fields): unknown {
  const [name, value] = oxmField(field as Named);
  return { set_field: { [name]: value } };
}

const ACTIONS: Readonly<Record<string, (fields: Fields) => unknown>> = {
  OFPActionOutput: ({ port }) => output(Number(port)),
  OFPActionSetField: setField,
  OFPActionGroup: ({ group_id }) => ({ group: `g${group_id}` }),
  OFPActionPushVlan: ({ ethertype }) => ({ push_vlan: ethertype ?? 0x8100 }),
  OFPActionPopVlan: () => "pop_vlan",
  OFPActionPushMpls: ({ ethertype }) => ({ push_mpls: ethertype ?? 0x8847 }),
  OFPActionPopMpls: ({ ethertype }) => ({ pop_mpls: ethertype ?? 0x0800 }),
  OFPActionPushPbb: ({ ethertype }) => ({ push_pbb: ethertype ?? 0x88e7 }),
  OFPActionPopPbb: () => "pop_pbb",
  OFPActionSetNwTtl: ({ nw_ttl }) => ({ set_ttl: nw_ttl }),
  OFPActionDecNwTtl: () => "dec_ttl",
  OFPActionSetMplsTtl: ({ mpls_ttl }) => ({ set_mpls_ttl: mpls_ttl }),
  OFPActionDecMplsTtl: () => "dec_mpls_ttl",
  OFPActionCopyTtlIn: () => "copy_ttl_in",
  OFPActionCopyTtlOut: () => "copy_ttl_out",
};

/** A list of actions. */
export function actionList(actions: unknown): unknown[] {
  return ((actions ?? []) as Named[]).map((action) => {
    const [[name, fields] = ["nothing", {}]] = Object.entries(action);
    const translate = ACTIONS[name];
    if (translate === undefined) throw new Unsupported(`action ${name}`);
    return translate(fields);
  });
}

const WRITE = 3;
const APPLY = 4;
const CLEAR = 5;

/** An instruction: its place in the order of execution (OpenFlow 1.3.5, 5.9), and its actions. */
function instruction(name: string, fields: Fields): [place: number, actions: unknown[]] {
  switch (name) {
    case "OFPInstructionMeter":
      return [0, [{ meter: `m${fields.meter_id}` }]];
    case "OFPInstructionActions":
      if (fields.type === APPLY) return [1, actionList(fields.actions)];
      if (fields.type === CLEAR) return [2, ["clear"]];
      if (fields.type === WRITE) return [3, [{ write: actionList(fields.actions) }]];
      break;
    case "OFPInstructionWriteMetadata":
      return [4, [{ metadata: `${fields.metadata}/${fields.metadata_mask}` }]];
    case "OFPInstructionGotoTable":
      return [5, [{ goto: `t${fields.table_id}` }]];
  }
  throw new Unsupported(`instruction ${name}`);
}

/** The instructions of a flow as one list of actions. */
export function instructionList(instructions: unknown): unknown[] {
  return ((instructions ?? []) as Named[])
    .flatMap(Object.entries)
    .map(([name, fields]) => instruction(name, fields))
    .sort(([before], [behind]) => before - behind)
    .flatMap(([, actions]) => actions);
}
