// Where written captures go: a file or stdout, in whole buffers, compressed or not.
import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from "node:fs";
import { constants, gzipSync } from "node:zlib";
import { SluiceError } from "../errors.ts";

const STDOUT = 1;
const RETRY_MILLISECONDS = 1;

/** Appends pieces to a file; after each piece the file is valid, if the pieces are. */
export class OutputFile {
  readonly #file: string;
  readonly #descriptor: number;
  readonly #gzip: boolean;
  /** Bytes of whole pieces: what a failed write leaves behind is cut off again. */
  #bytes = 0;
  #open = true;
  #failed: SluiceError | undefined;

  /**
   * @param path a file, which is replaced, or "-" for stdout
   * @throws SluiceError CAPTURE_OUTPUT
   */
  constructor(path: string, gzip: boolean) {
    this.#file = path === "-" ? "stdout" : path;
    this.#gzip = gzip;
    try {
      this.#descriptor = path === "-" ? STDOUT : openSync(path, "w");
    } catch (error) {
      throw this.#failure(error);
    }
  }

  get failed(): boolean {
    return this.#failed !== undefined;
  }

  /** @throws SluiceError CAPTURE_OUTPUT, from the first failure on */
  write(piece: Uint8Array): void {
    if (this.#failed !== undefined) throw this.#failed;
    // Members of gzip may follow each other (RFC 1952 2.2), so each piece is one: a file that is
    // left at any time can be read to its last piece, and nothing waits inside a compressor.
    const bytes = this.#gzip ? gzipSync(piece, { level: constants.Z_BEST_SPEED }) : piece;
    try {
      writeWhole(this.#descriptor, bytes);
    } catch (error) {
      this.#cutBack();
      this.#failed = this.#failure(error);
      throw this.#failed;
    }
    this.#bytes += bytes.length;
  }

  close(): void {
    if (!this.#open) return;
    this.#open = false;
    if (this.#descriptor === STDOUT) return;
    try {
      closeSync(this.#descriptor);
    } catch (error) {
      throw this.#failure(error);
    }
  }

  #cutBack(): void {
    try {
      if (fstatSync(this.#descriptor).isFile()) ftruncateSync(this.#descriptor, this.#bytes);
    } catch {
      // The write's own error is the one to report.
    }
  }

  #failure(error: unknown): SluiceError {
    const { code, message } = error as NodeJS.ErrnoException;
    const file = this.#file;
    const what = `${file} cannot be written: ${code ?? message}`;
    return new SluiceError("CAPTURE_OUTPUT", what, { file }, error);
  }
}

function writeWhole(descriptor: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(descriptor, bytes, done, bytes.length - done);
    } catch (error) {
      // stdout may be a pipe that another process made non-blocking: wait for its reader.
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MILLISECONDS);
    }
  }
}
