// Link types of captures: which the engine reads, and the names of the rest for its refusals.
// Numbers and names are those of the tcpdump group's registry (LINKTYPE_*).

// What the kernels tell apart; src/memory maps these one to one to LINK_* of the memory map.
export const LINK_ETHERNET = 0;
export const LINK_RAW_IP = 1;
/** A 4-byte address family, in either byte order (NULL, LOOP). */
export const LINK_NULL = 2;
export const LINK_SLL = 3;
export const LINK_SLL2 = 4;
/** PPP, with or without the HDLC address and control bytes ff 03 (RFC 1662 3.1). */
export const LINK_PPP = 5;

/** The number captures are written with when nothing else is said. */
export const LINKTYPE_ETHERNET = 1;

/** How packets of a supported link type become packets of a kernel's link. */
export interface LinkKind {
  /** LINK_* */
  readonly link: number;
  /** Bytes of a pseudo-header in front that no wire carried (the direction of PPP_WITH_DIR). */
  readonly prefix: number;
}

const SUPPORTED: ReadonlyMap<number, LinkKind> = new Map([
  [0, { link: LINK_NULL, prefix: 0 }],
  [1, { link: LINK_ETHERNET, prefix: 0 }],
  [9, { link: LINK_PPP, prefix: 0 }],
  [12, { link: LINK_RAW_IP, prefix: 0 }],
  [14, { link: LINK_RAW_IP, prefix: 0 }],
  [50, { link: LINK_PPP, prefix: 0 }],
  [101, { link: LINK_RAW_IP, prefix: 0 }],
  [108, { link: LINK_NULL, prefix: 0 }],
  [113, { link: LINK_SLL, prefix: 0 }],
  [204, { link: LINK_PPP, prefix: 1 }],
  [228, { link: LINK_RAW_IP, prefix: 0 }],
  [229, { link: LINK_RAW_IP, prefix: 0 }],
  [276, { link: LINK_SLL2, prefix: 0 }],
]);

const NAMES: ReadonlyMap<number, string> = new Map([
  [0, "NULL"],
  [1, "ETHERNET"],
  [3, "AX25"],
  [6, "IEEE802_5"],
  [7, "ARCNET_BSD"],
  [8, "SLIP"],
  [9, "PPP"],
  [10, "FDDI"],
  [12, "RAW"],
  [14, "RAW"],
  [50, "PPP_HDLC"],
  [51, "PPP_ETHER"],
  [100, "ATM_RFC1483"],
  [101, "RAW"],
  [104, "C_HDLC"],
  [105, "IEEE802_11"],
  [107, "FRELAY"],
  [108, "LOOP"],
  [113, "LINUX_SLL"],
  [114, "LTALK"],
  [117, "PFLOG"],
  [119, "IEEE802_11_PRISM"],
  [122, "IP_OVER_FC"],
  [123, "SUNATM"],
  [127, "IEEE802_11_RADIOTAP"],
  [129, "ARCNET_LINUX"],
  [138, "APPLE_IP_OVER_IEEE1394"],
  [139, "MTP2_WITH_PHDR"],
  [140, "MTP2"],
  [141, "MTP3"],
  [142, "SCCP"],
  [143, "DOCSIS"],
  [144, "LINUX_IRDA"],
  [163, "IEEE802_11_AVS"],
  [165, "BACNET_MS_TP"],
  [166, "PPP_PPPD"],
  [169, "GPRS_LLC"],
  [177, "LINUX_LAPD"],
  [182, "MFR"],
  [187, "BLUETOOTH_HCI_H4"],
  [189, "USB_LINUX"],
  [192, "PPI"],
  [195, "IEEE802_15_4_WITHFCS"],
  [197, "ERF"],
  [201, "BLUETOOTH_HCI_H4_WITH_PHDR"],
  [202, "AX25_KISS"],
  [203, "LAPD"],
  [204, "PPP_WITH_DIR"],
  [205, "C_HDLC_WITH_DIR"],
  [206, "FRELAY_WITH_DIR"],
  [220, "USB_LINUX_MMAPPED"],
  [224, "FC_2"],
  [226, "IPNET"],
  [227, "CAN_SOCKETCAN"],
  [228, "IPV4"],
  [229, "IPV6"],
  [230, "IEEE802_15_4_NOFCS"],
  [231, "DBUS"],
  [239, "NFLOG"],
  [240, "NETANALYZER"],
  [241, "NETANALYZER_TRANSPARENT"],
  [242, "IPOIB"],
  [243, "MPEG_2_TS"],
  [247, "INFINIBAND"],
  [248, "SCTP"],
  [249, "USBPCAP"],
  [251, "BLUETOOTH_LE_LL"],
  [253, "NETLINK"],
  [254, "BLUETOOTH_LINUX_MONITOR"],
  [256, "BLUETOOTH_LE_LL_WITH_PHDR"],
  [258, "PKTAP"],
  [259, "EPON"],
  [266, "USB_DARWIN"],
  [271, "VSOCK"],
  [272, "NORDIC_BLE"],
  [274, "ETHERNET_MPACKET"],
  [276, "LINUX_SLL2"],
  [280, "VPP_DISPATCH"],
  [281, "DSA_TAG_BRCM"],
  [283, "IEEE802_15_4_TAP"],
  [284, "DSA_TAG_DSA"],
  [285, "DSA_TAG_EDSA"],
  [290, "ETW"],
]);

/** How to read a link type (LINKTYPE_* number), or undefined when the engine does not. */
export function linkKind(linkType: number): LinkKind | undefined {
  return SUPPORTED.get(linkType);
}

/** "ETHERNET (1)"; numbers without a name are "unknown (4711)", 147 to 162 "USER0" to "USER15". */
export function linkTypeLabel(linkType: number): string {
  const user = linkType >= 147 && linkType <= 162 ? `USER${linkType - 147}` : undefined;
  return `${NAMES.get(linkType) ?? user ?? "unknown"} (${linkType})`;
}

/** The sentence of a refusal; `linkTypes` has at least one number. */
export function linkTypeRefusal(linkTypes: readonly number[]): string {
  const refused = [...new Set(linkTypes)].map(linkTypeLabel).join(", ");
  const supported = [...SUPPORTED.keys()].map(linkTypeLabel).join(", ");
  const verb = new Set(linkTypes).size === 1 ? "link type" : "none of the link types";
  const predicate = new Set(linkTypes).size === 1 ? "is not supported" : "is supported";
  return `${verb} ${refused} ${predicate}; supported: ${supported}`;
}
