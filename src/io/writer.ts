// Writing of captures: pcap or pcapng by the file's name, gzip on top of either.
import { SluiceError } from "../errors.ts";
import { type OutputInterface, PcapEncoder, PcapngEncoder, type RecordEncoder } from "./encoder.ts";
import { OutputFile } from "./output.ts";

const BUFFER_BYTES = 256 * 1024;
/** Up to this length a loop is faster than making the view that a block copy needs. */
const SHORT_COPY = 512;

export interface CaptureWriterOptions {
  /** At least one. A pcap holds one link type, so all must then have the same. */
  readonly interfaces: readonly OutputInterface[];
  /** Overrides what the name says: { format: "pcapng" } for stdout. */
  readonly format?: "pcap" | "pcapng";
}

/**
 * Writes one capture. Errors: SluiceError CAPTURE_OUTPUT, naming file and errno; after one, what
 * was handed over before is whole, and further flushes throw it again; `close` does not.
 */
export interface CaptureWriter {
  /**
   * Appends the packet bytes[start, start + length). The bytes may lie in shared memory and are
   * the caller's again when this returns.
   * @param seconds since 1970, not negative; pcap keeps it modulo 2^32, pcapng up to 2^64 ns
   */
  packet(
    interfaceId: number,
    bytes: Uint8Array,
    start: number,
    length: number,
    wireLength: number,
    seconds: number,
    nanoseconds: number,
  ): void;
  /** Hands everything so far to the operating system; the file is then whole. */
  flush(): void;
  /** Flushes and closes; a second call does nothing. */
  close(): Promise<void>;
}

/**
 * Creates a capture: `.pcapng` and `.pcapng.gz` are pcapng, all else pcap with nanoseconds; `.gz`
 * is compressed.
 * @param path a file, which is replaced, or "-" for stdout
 * @throws SluiceError CAPTURE_OUTPUT
 */
export function createCaptureWriter(path: string, options: CaptureWriterOptions): CaptureWriter {
  const gzip = path.endsWith(".gz");
  const name = gzip ? path.slice(0, -3) : path;
  const format = options.format ?? (name.endsWith(".pcapng") ? "pcapng" : "pcap");
  const encoder = createEncoder(path, format, options.interfaces);
  return new FileWriter(new OutputFile(path, gzip), encoder);
}

function createEncoder(
  file: string,
  format: "pcap" | "pcapng",
  interfaces: readonly OutputInterface[],
): RecordEncoder {
  const [first] = interfaces;
  if (first === undefined) throw new RangeError("a capture has at least one interface");
  if (format === "pcapng") return new PcapngEncoder(interfaces);
  if (interfaces.some(({ linkType }) => linkType !== first.linkType)) {
    const message = `${file} cannot be written: a pcap holds one link type, a .pcapng several`;
    throw new SluiceError("CAPTURE_OUTPUT", message, { file });
  }
  return new PcapEncoder(first);
}

class FileWriter implements CaptureWriter {
  readonly #output: OutputFile;
  readonly #encoder: RecordEncoder;
  #buffer = new Uint8Array(BUFFER_BYTES);
  #view = new DataView(this.#buffer.buffer);
  #used = 0;
  /** Packets mostly come from one and the same memory: its view is made once. */
  #source: Uint8Array = new Uint8Array(0);
  #sourceView: DataView = new DataView(this.#source.buffer);
  #closed = false;

  constructor(output: OutputFile, encoder: RecordEncoder) {
    this.#output = output;
    this.#encoder = encoder;
    // At once, so that a run that is killed leaves a capture, if an empty one.
    try {
      output.write(encoder.header());
    } catch (error) {
      output.close();
      throw error;
    }
  }

  packet(
    interfaceId: number,
    bytes: Uint8Array,
    start: number,
    length: number,
    wireLength: number,
    seconds: number,
    nanoseconds: number,
  ): void {
    const encoder = this.#encoder;
    const size = encoder.size(length);
    if (this.#used + size > this.#buffer.length) {
      this.flush();
      this.#reserve(size);
    }
    const view = this.#view;
    const at = encoder.encode(
      view,
      this.#used,
      interfaceId,
      length,
      wireLength,
      seconds,
      nanoseconds,
    );
    if (length <= SHORT_COPY) this.#copyShort(bytes, start, length, at);
    else this.#buffer.set(bytes.subarray(start, start + length), at);
    this.#used += size;
  }

  flush(): void {
    if (this.#used > 0) this.#output.write(this.#buffer.subarray(0, this.#used));
    this.#used = 0;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      if (!this.#output.failed) this.flush();
    } finally {
      this.#output.close();
    }
  }

  /** For a packet larger than the buffer, which is empty now. */
  #reserve(size: number): void {
    if (size <= this.#buffer.length) return;
    this.#buffer = new Uint8Array(size);
    this.#view = new DataView(this.#buffer.buffer);
  }

  #copyShort(bytes: Uint8Array, start: number, length: number, at: number): void {
    if (bytes !== this.#source) {
      this.#source = bytes;
      this.#sourceView = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    }
    const from = this.#sourceView;
    const to = this.#view;
    const words = length & ~3;
    for (let done = 0; done < words; done += 4) {
      to.setUint32(at + done, from.getUint32(start + done, true), true);
    }
    for (let done = words; done < length; done++) {
      to.setUint8(at + done, from.getUint8(start + done));
    }
  }
}
