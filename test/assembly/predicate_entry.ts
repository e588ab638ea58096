// Predicates and sets alone, for their tests.

export { openDirectory, readModes } from "../../assembly/memory/directory";
export { predicatesHold } from "../../assembly/table/predicates";
