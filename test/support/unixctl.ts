// The control socket of an Open vSwitch daemon: JSON-RPC 1.0 over a Unix stream socket, as
// ovs-appctl(8) speaks it, without a process per command.

import { createConnection, type Socket } from "node:net";

interface Reply {
  readonly id: number;
  readonly result: string | null;
  readonly error: string | null;
}

interface Waiting {
  resolve(result: string): void;
  reject(error: Error): void;
}

export class ControlSocket {
  readonly #socket: Socket;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #text = "";

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.setEncoding("utf8");
    socket.on("data", (text: string) => this.#receive(text));
    socket.on("close", () => this.#fail(new Error("the daemon closed its control socket")));
    socket.on("error", (error) => this.#fail(error));
  }

  static connect(path: string): Promise<ControlSocket> {
    return new Promise((resolve, reject) => {
      const socket = createConnection(path);
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new ControlSocket(socket));
      });
    });
  }

  /** Runs a command; resolves to what it prints, rejects with what it complains of. */
  call(method: string, ...params: readonly string[]): Promise<string> {
    const id = this.#next++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#socket.write(JSON.stringify({ id, method, params }));
    });
  }

  close(): void {
    this.#waiting.clear();
    this.#socket.destroy();
  }

  /** Replies follow each other without anything between them: each ends where its braces close. */
  #receive(text: string): void {
    this.#text += text;
    for (let end = objectEnd(this.#text); end > 0; end = objectEnd(this.#text)) {
      const reply: Reply = JSON.parse(this.#text.slice(0, end));
      this.#text = this.#text.slice(end).trimStart();
      const waiting = this.#waiting.get(reply.id);
      this.#waiting.delete(reply.id);
      if (reply.error === null) waiting?.resolve(reply.result ?? "");
      else waiting?.reject(new Error(reply.error.trim()));
    }
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
  }
}

/** Where the JSON object that the text begins with ends; 0 when it is not whole. */
function objectEnd(text: string): number {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (quoted) {
      if (character === "\\") at += 1;
      else quoted = character !== '"';
    } else if (character === '"') quoted = true;
    else if (character === "{") depth += 1;
    else if (character === "}" && --depth === 0) return at + 1;
  }
  return 0;
}
