// What is known of the ways to remotes as a kernel of its own.

export { openDirectory } from "../../assembly/memory/directory";
export { arePathMtus, learnPathMtu, pathMtu } from "../../assembly/state/path_mtu";
