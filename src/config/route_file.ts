// Route files: one prefix a line, streamed, without an object per prefix.
//
// A full Internet table is about a million lines, so lines are parsed where they lie in the chunk
// and handed over as numbers. Dotted decimal has its own path for bytes; IPv6 lines, fewer and
// more varied, become text for parsePrefix().

import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import { SluiceError } from "../errors.ts";
import { formatPrefix, hasHostBits, ip6Word, networkOf, parsePrefix } from "./address.ts";

/** Takes the prefixes of a file, in its order; addresses have no host bits. Lines count from 1. */
export interface RouteSink {
  /** An IPv4 address as one unsigned number: 10.0.0.0 = 0x0a000000. */
  prefix4(address: number, length: number, line: number): void;
  /** An IPv6 address as four unsigned numbers, most significant first. */
  prefix6(a: number, b: number, c: number, d: number, length: number, line: number): void;
}

const CHUNK = 1 << 18;
/** Longest line, comments included: no file needs more, and memory stays bounded. */
const MAX_LINE = 4096;

const NEWLINE = 0x0a;
const RETURN = 0x0d;
const DOT = 0x2e;
const SLASH = 0x2f;
const ZERO = 0x30;
const NINE = 0x39;

/**
 * Reads a route file, gzip or not, into the sink and gives the number of prefixes. Throws
 * CONFIG_NOT_FOUND when it cannot be opened, ROUTE_FILE with file and line for a line that is no
 * prefix and for a damaged gzip file; prefixes before that line have been handed over.
 */
export async function readRouteFile(file: string, sink: RouteSink): Promise<number> {
  const parser = new RouteParser(file, sink);
  const stream = await openRouteFile(file);
  try {
    for await (const chunk of stream) parser.push(chunk as Uint8Array);
  } catch (cause) {
    if (cause instanceof SluiceError) throw cause;
    const { line } = parser;
    const message = `${file}:${line}: cannot be read further (${(cause as Error).message})`;
    throw new SluiceError("ROUTE_FILE", message, { file, line }, cause);
  }
  parser.end();
  return parser.count;
}

/** The bytes of the file, unpacked when it begins like gzip (RFC 1952 2.3.1). */
async function openRouteFile(file: string): Promise<Readable> {
  const magic = new Uint8Array(2);
  try {
    const handle = await open(file);
    try {
      await handle.read(magic, 0, 2, 0);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const text = `route file ${file} cannot be read (${code ?? message})`;
    throw new SluiceError("CONFIG_NOT_FOUND", text, { file }, cause);
  }
  const bytes = createReadStream(file, { highWaterMark: CHUNK });
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return bytes;
  // Errors reach the reader through the last stream, which pipeline() destroys with them.
  return pipeline(bytes, createGunzip({ chunkSize: CHUNK }), () => undefined);
}

class RouteParser {
  count = 0;
  /** The line being read. */
  line = 1;
  readonly #file: string;
  readonly #sink: RouteSink;
  /** The beginning of a line whose end has not come yet. */
  #rest: Uint8Array = new Uint8Array(0);

  constructor(file: string, sink: RouteSink) {
    this.#file = file;
    this.#sink = sink;
  }

  push(chunk: Uint8Array): void {
    const bytes = this.#rest.length === 0 ? chunk : Buffer.concat([this.#rest, chunk]);
    let start = 0;
    for (;;) {
      const end = bytes.indexOf(NEWLINE, start);
      if (end < 0) break;
      this.#readLine(bytes, start, end);
      this.line++;
      start = end + 1;
    }
    if (bytes.length - start > MAX_LINE)
      this.#refuse(`expected lines of at most ${MAX_LINE} bytes`);
    this.#rest = bytes.slice(start);
  }

  /** The last line need not end in a newline. */
  end(): void {
    if (this.#rest.length > 0) this.#readLine(this.#rest, 0, this.#rest.length);
  }

  #readLine(bytes: Uint8Array, start: number, end: number): void {
    const last = end > start && bytes[end - 1] === RETURN ? end - 1 : end;
    if (!this.#readPrefix4(bytes, start, last)) this.#readText(bytes, start, last);
  }

  /** The common case: nothing but an IPv4 prefix. False for any other line, wrong or not. */
  #readPrefix4(bytes: Uint8Array, start: number, end: number): boolean {
    let address = 0;
    let part = 0;
    let parts = 0;
    let digits = 0;
    for (let i = start; i < end; i++) {
      const byte = bytes[i]!;
      if (byte >= ZERO && byte <= NINE) {
        if (digits > 0 && part === 0) return false;
        part = part * 10 + byte - ZERO;
        if (part > 255) return false;
        digits++;
      } else {
        if (byte !== (parts === 3 ? SLASH : DOT) || digits === 0) return false;
        address = (address << 8) | part;
        part = digits = 0;
        parts++;
      }
    }
    if (parts !== 4 || digits === 0 || part > 32) return false;
    // A shift by 32 is none in JavaScript.
    if (part === 0 ? address !== 0 : part < 32 && address << part !== 0) return false;
    this.#sink.prefix4(address >>> 0, part, this.line);
    this.count++;
    return true;
  }

  #readText(bytes: Uint8Array, start: number, end: number): void {
    if (end - start > MAX_LINE) this.#refuse(`expected lines of at most ${MAX_LINE} bytes`);
    const line = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString();
    const text = line.replace(/(^|\s)#.*$/s, "").trim();
    if (text === "") return;
    const prefix = parsePrefix(text);
    if (prefix === undefined) {
      this.#refuse(`expected a prefix such as 10.0.0.0/8 or fd00::/64, found ${shown(text)}`);
    }
    if (hasHostBits(prefix)) {
      const network = formatPrefix(networkOf(prefix));
      this.#refuse(`expected a prefix without host bits, ${network}, found ${shown(text)}`);
    }
    const { address, length } = prefix;
    const first = ip6Word(address, 0);
    if (address.length === 4) this.#sink.prefix4(first, length, this.line);
    else {
      const second = ip6Word(address, 1);
      const [third, fourth] = [ip6Word(address, 2), ip6Word(address, 3)];
      this.#sink.prefix6(first, second, third, fourth, length, this.line);
    }
    this.count++;
  }

  #refuse(message: string): never {
    const place = { file: this.#file, line: this.line };
    throw new SluiceError("ROUTE_FILE", `${this.#file}:${this.line}: ${message}`, place);
  }
}

function shown(text: string): string {
  return JSON.stringify(text.length <= 60 ? text : `${text.slice(0, 57)}…`);
}
