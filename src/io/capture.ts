// Opening a capture: what it is, is told from its first bytes, never from its name.
import { statSync } from "node:fs";
import type { Readable } from "node:stream";
import { SluiceError } from "../errors.ts";
import { SECTION_LEAST_BYTES } from "./blocks.ts";
import { GunzipSource } from "./gunzip.ts";
import { isPcap, PCAP_HEADER_BYTES, PcapWalker } from "./pcap.ts";
import { isPcapng, PcapngWalker } from "./pcapng.ts";
import {
  type CaptureOrigin,
  type CaptureReader,
  type RecordWalker,
  StreamReader,
} from "./reader.ts";
import { type ByteSource, FileSource, PeekSource, StreamSource } from "./source.ts";

const HEAD_BYTES = Math.max(PCAP_HEADER_BYTES, SECTION_LEAST_BYTES);

export interface CaptureOptions {
  /** What is read when the path is "-"; stdin by default. */
  readonly input?: Readable;
}

/**
 * Opens a pcap or pcapng, plain or in gzip.
 * @param path a file, or "-" for stdin
 * @throws SluiceError CAPTURE_NOT_FOUND, CAPTURE_FORMAT, CAPTURE_LINK_TYPE, CAPTURE_CORRUPT
 */
export async function openCapture(
  path: string,
  options: CaptureOptions = {},
): Promise<CaptureReader> {
  const file = path === "-" ? "stdin" : path;
  const source = await openSource(path, options);
  try {
    return await openReader(source, file);
  } catch (error) {
    await source.close();
    throw error instanceof SluiceError ? error : unreadable(file, error);
  }
}

async function openSource(path: string, options: CaptureOptions): Promise<ByteSource> {
  if (path === "-") return new StreamSource(options.input ?? process.stdin);
  try {
    return await FileSource.open(path);
  } catch (error) {
    throw unreadable(path, error);
  }
}

async function openReader(bytes: ByteSource, file: string): Promise<CaptureReader> {
  const plain = new PeekSource(bytes);
  const magic = await plain.peek(2);
  // RFC 1952 2.3.1
  const gzip = magic[0] === 0x1f && magic[1] === 0x8b;
  const source = gzip ? new PeekSource(new GunzipSource(plain)) : plain;
  const origin = { file, gzip };
  const walker = createWalker(await peekHead(source, origin), origin);
  return new StreamReader(source, walker, origin);
}

/** A gzip stream that breaks within the header leaves no capture to speak of. */
async function peekHead(source: PeekSource, origin: CaptureOrigin): Promise<Uint8Array> {
  try {
    return await source.peek(HEAD_BYTES);
  } catch (error) {
    if (!origin.gzip) throw error;
    const { file } = origin;
    const message = `${file}: not a whole gzip stream (${(error as Error).message})`;
    throw new SluiceError("CAPTURE_FORMAT", message, { file }, error);
  }
}

function createWalker(head: Uint8Array, origin: CaptureOrigin): RecordWalker {
  if (isPcap(head)) return new PcapWalker(head, origin);
  if (isPcapng(head)) return new PcapngWalker(head, origin);
  const { file } = origin;
  const begin = Buffer.from(head.subarray(0, 4)).toString("hex");
  const message =
    head.length === 0
      ? `${file}: empty, not even a capture's header`
      : `${file}: neither pcap nor pcapng (it begins with ${begin})`;
  throw new SluiceError("CAPTURE_FORMAT", message, { file, offset: 0 });
}

function unreadable(file: string, error: unknown): SluiceError {
  const { code, message } = error as NodeJS.ErrnoException;
  const reason = code === "ENOENT" ? "no such file" : message;
  return new SluiceError("CAPTURE_NOT_FOUND", `${file}: ${reason}`, { file }, error);
}

/** Bytes of an uncompressed file; undefined for anything else. */
export function plainSize(file: string): number | undefined {
  if (file.endsWith(".gz")) return undefined;
  const found = statSync(file, { throwIfNoEntry: false });
  return found?.isFile() ? found.size : undefined;
}
