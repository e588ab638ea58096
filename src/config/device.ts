// Device URIs: which schemes there are and which of them this version has.

import { didYouMean } from "./wording.ts";

/** Scheme -> what it is, and whether this version implements it. */
export const DEVICES = {
  pcap: { implemented: true, meaning: "packets come from and go to captures" },
  null: { implemented: true, meaning: "sends into nothing, receives nothing" },
  packet: { implemented: false, meaning: "AF_PACKET on a Linux interface" },
  xdp: { implemented: false, meaning: "AF_XDP on a Linux interface" },
  tap: { implemented: false, meaning: "a Linux TAP interface" },
} as const;

type Scheme = keyof typeof DEVICES;

export const DEVICE_SCHEMES = Object.keys(DEVICES) as Scheme[];

const list = (schemes: readonly string[]) => schemes.map((scheme) => `'${scheme}:'`).join(", ");

/** What is wrong with a device URI, or undefined when nothing is. */
export function deviceProblem(
  device: string,
): { unsupported: boolean; message: string } | undefined {
  const colon = device.indexOf(":");
  const scheme = device.slice(0, colon) as Scheme;
  if (colon < 0 || !Object.hasOwn(DEVICES, scheme)) {
    const written = `${colon < 0 ? device : scheme}:`;
    const near = didYouMean(
      written,
      DEVICE_SCHEMES.map((one) => `${one}:`),
    );
    const message = `expected a device (${list(DEVICE_SCHEMES)}), found "${device}"${near}`;
    return { unsupported: false, message };
  }
  if (!DEVICES[scheme].implemented) {
    const there = list(DEVICE_SCHEMES.filter((one) => DEVICES[one].implemented));
    const message = `device '${scheme}:' is not implemented in this version; use one of ${there}`;
    return { unsupported: true, message };
  }
  if (colon + 1 < device.length) {
    // The captures of a port are named when the engine starts; a path here would go unheeded.
    const message = `expected '${scheme}:' with nothing after it, found "${device}"`;
    return { unsupported: false, message };
  }
  return undefined;
}

/** Captures were taken elsewhere: their frames are addressed to other MACs than the port's. */
export function isPromiscuousByDefault(device: string): boolean {
  return device.startsWith("pcap:");
}
