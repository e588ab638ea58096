// Every error the engine reports to people: one table of codes, one class.
// docs/errors.md is generated from the table and a test compares the two.

/** Code -> what went wrong and what mends it, in general; the message of an error says the rest. */
export const ERROR_CODES = {
  CONFIG_SYNTAX: "The configuration is not YAML or JSON.",
  CONFIG_INVALID: "A value of the configuration is not what the schema or its context expects.",
  CONFIG_UNSUPPORTED: "The configuration uses a key that this version does not implement yet.",
  CONFIG_NOT_FOUND: "A configuration file or a route file it names cannot be opened.",
  CAPTURE_NOT_FOUND: "A capture cannot be opened.",
  CAPTURE_FORMAT: "The file is neither pcap nor pcapng, or its header is malformed.",
  CAPTURE_CORRUPT: "The capture is cut off or corrupt; everything before that place was processed.",
  CAPTURE_LINK_TYPE: "The capture's link type is not supported.",
  CAPTURE_OUTPUT: "An output capture cannot be written.",
  ROUTE_FILE: "A line of a route file is not a prefix.",
  FLOW_INVALID: "A flow, or a change of flows, is not what the format or its context expects.",
  FLOW_OVERLAP: "A flow of the same priority can match the same packets, and that was forbidden.",
  SERVICE_INVALID: "A change of a service's backends is not what the service allows.",
  LIMIT_EXCEEDED: "A named limit of the engine is too small for what is asked.",
  MEMORY: "The engine's memory cannot be allocated.",
  USAGE: "The command line is wrong.",
  WORKER_FAILED: "A worker stopped because of an error in the engine itself.",
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** Where in a text the error lies: line and column count from 1, pointer is RFC 6901. */
export interface ErrorPlace {
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly pointer?: string;
  /** Byte offset in a capture. */
  readonly offset?: number;
}

/** An error meant for people, with a stable code. */
export class SluiceError extends Error {
  override readonly name = "SluiceError";
  readonly code: ErrorCode;
  readonly place: ErrorPlace;

  constructor(code: ErrorCode, message: string, place: ErrorPlace = {}, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.code = code;
    this.place = place;
  }

  /** Exit status of the command line: 2 for wrong usage or configuration, 1 for the rest. */
  get exitStatus(): 1 | 2 {
    const code = this.code;
    return code === "USAGE" || code.startsWith("CONFIG_") || code === "ROUTE_FILE" ? 2 : 1;
  }
}
