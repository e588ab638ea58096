// Tunnel metadata, and what reads and writes it, for its tests.

export { setField } from "../../assembly/action/set_field";
export { openDirectory } from "../../assembly/memory/directory";
export { openFrames, releaseFrame, takeFrame } from "../../assembly/memory/frames";
export { flagsOf, setFlags } from "../../assembly/packet";
export { beginKey } from "../../assembly/parse/key";
export { copyFrame } from "../../assembly/respond/copies";
export {
  answerMetadata,
  clearMetadata,
  destinationFamily,
  metadataFlags,
  metadataOf,
  noteTunnel,
  remoteHint,
  setRemoteHint,
  sourceFamily,
  tunnelDestination,
  tunnelIdOf,
  tunnelSource,
} from "../../assembly/state/tunnel_metadata";
export {
  areOptionsKnown,
  noteWords,
  optionsLength,
  writeOptions,
} from "../../assembly/tunnel/geneve_options";
export { geneveOptionsFit } from "../../assembly/wire/geneve";
