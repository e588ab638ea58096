// Which captures the sweeps of the tests run over: those of the project, and the larger collection
// beside it where that is present.

import { existsSync, readdirSync } from "node:fs";

const OWN = new URL("../../pcaps/", import.meta.url);
const SHARED = new URL("../../../shared/data/pcaps/", import.meta.url);

export interface CaptureFile {
  readonly name: string;
  readonly url: URL;
}

function capturesIn(folder: URL): CaptureFile[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => /\.(pcap|pcapng)$/.test(name))
    .sort()
    .map((name) => ({ name, url: new URL(name, folder) }));
}

/** The captures of the repository. */
export function ownCaptures(): CaptureFile[] {
  return capturesIn(OWN);
}

/** The captures of ../shared; empty when it is not there. */
export function sharedCaptures(): CaptureFile[] {
  return capturesIn(SHARED);
}
