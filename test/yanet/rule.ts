// One line of a firewall: "add allow tcp from A to { B or C } 80,443 established".

import { Unsupported } from "./unsupported.ts";

/** One end of a packet: undefined = any. */
export interface End {
  readonly addresses: readonly string[] | undefined;
  readonly ports: readonly string[] | undefined;
}

export type Verb =
  | { readonly type: "allow" | "deny" | "check-state" | "count" | "never" }
  | { readonly type: "skipto"; readonly to: string }
  | { readonly type: "state-timeout"; readonly seconds: number }
  | { readonly type: "dump" | "hitcount"; readonly name: string };

export interface Rule {
  /** From 1, in the order of the file. */
  readonly number: number;
  readonly verb: Verb;
  /** "ip" = any. */
  readonly protocol: string;
  readonly from: End;
  readonly to: End;
  /** Name of the port it comes in by. */
  readonly via: string | undefined;
  readonly out: boolean;
  readonly later: boolean;
  /** As tcp_flags has them, any of these. */
  readonly flags: readonly string[] | undefined;
  readonly types: readonly string[] | undefined;
  /** "record-state", "keep-state": what it lets pass makes a state. */
  readonly state: "record" | "keep" | undefined;
}

type Options = { -readonly [K in keyof Rule]?: Rule[K] } & {
  sourcePorts?: readonly string[];
  targetPorts?: readonly string[];
};

const ALLOW = ["allow", "accept", "pass", "permit"];
const DENY = ["deny", "drop"];
const PORT_NAMES: Readonly<Record<string, string>> = {
  domain: "53",
  ftp: "21",
  http: "80",
  https: "443",
  ntp: "123",
  smtp: "25",
  ssh: "22",
};
const FLAG_WORDS: Readonly<Record<string, readonly string[]>> = {
  established: ["+ack", "+rst"],
  setup: ["+syn-ack"],
};
const ANY: End = { addresses: undefined, ports: undefined };

class Words {
  readonly #words: readonly string[];
  readonly #line: string;
  #at = 0;

  constructor(line: string) {
    this.#line = line;
    this.#words = line
      .replace(/([{}])/g, " $1 ")
      .split(/\s+/)
      .filter((word) => word !== "");
  }

  get next(): string | undefined {
    return this.#words[this.#at];
  }

  take(): string {
    const word = this.next;
    if (word === undefined) throw new Unsupported(`rule '${this.#line}' ends too early`);
    this.#at += 1;
    return word;
  }

  skip(word: string): boolean {
    if (this.next !== word) return false;
    this.#at += 1;
    return true;
  }

  expect(word: string): void {
    const found = this.take();
    if (found !== word) throw this.refusal(`'${found}' instead of '${word}'`);
  }

  refusal(what: string): Unsupported {
    return new Unsupported(`${what} in rule '${this.#line}'`);
  }
}

/** Port numbers and ranges, of names too; undefined: it is no list of ports. */
function portsOf(word: string | undefined): string[] | undefined {
  if (word === undefined) return undefined;
  const ports = word.split(",").map((port) => PORT_NAMES[port] ?? port);
  return ports.every((port) => /^\d+(-\d+)?$/.test(port)) ? ports : undefined;
}

function listedPorts(words: Words): readonly string[] {
  const word = words.take();
  const ports = portsOf(word);
  if (ports === undefined) throw words.refusal(`ports '${word}'`);
  return ports;
}

function addressesOf(words: Words): readonly string[] | undefined {
  if (words.skip("any")) return undefined;
  if (!words.skip("{")) return words.take().split(",");
  const addresses: string[] = [];
  do addresses.push(words.take());
  while (words.skip("or"));
  words.expect("}");
  return addresses;
}

function endOf(words: Words): End {
  const addresses = addressesOf(words);
  if (words.skip("src-port") || words.skip("dst-port")) {
    return { addresses, ports: listedPorts(words) };
  }
  const ports = portsOf(words.next);
  if (ports !== undefined) words.take();
  return { addresses, ports };
}

function verbOf(words: Words): Verb {
  const word = words.take();
  if (ALLOW.includes(word)) return { type: "allow" };
  if (DENY.includes(word)) return { type: "deny" };
  if (word === "check-state" || word === "count") return { type: word };
  if (word === "skipto") return { type: word, to: words.take().replace(/^:/, "") };
  if (word === "state-timeout") return { type: word, seconds: Number(words.take()) };
  if (word === "dump" || word === "hitcount") return { type: word, name: words.take() };
  throw words.refusal(`action '${word}'`);
}

function flagsOf(text: string): string[] {
  return [
    text
      .split(",")
      .map((flag) => flag.replace(/^(!?)/, (mark) => (mark ? "-" : "+")))
      .join(""),
  ];
}

function readOption(words: Words, options: Options): void {
  const word = words.take();
  if (word === "in") return;
  if (word === "out") options.out = true;
  else if (word === "via") options.via = words.take();
  else if (word === "frag") options.later = true;
  else if (word === "tcpflags") options.flags = flagsOf(words.take());
  else if (word === "icmptypes" || word === "icmp6types") options.types = words.take().split(",");
  else if (word === "record-state") options.state = "record";
  else if (word === "keep-state") options.state = "keep";
  else if (word === "src-port") options.sourcePorts = listedPorts(words);
  else if (word === "dst-port") options.targetPorts = listedPorts(words);
  else if (FLAG_WORDS[word] !== undefined) options.flags = FLAG_WORDS[word];
  else throw words.refusal(`option '${word}'`);
}

/** Reads what is behind "add". */
export function parseRule(line: string, number: number): Rule {
  const words = new Words(line.replace(/^add\s+/, ""));
  const verb = verbOf(words);
  const base = { number, verb, via: undefined, out: false, later: false };
  const rest = { flags: undefined, types: undefined, state: undefined };
  if (words.next === undefined) return { ...base, ...rest, protocol: "ip", from: ANY, to: ANY };
  if (words.skip("log") && words.skip("logamount")) words.take();
  const protocol = words.take();
  words.expect("from");
  const from = endOf(words);
  words.expect("to");
  const to = endOf(words);
  const options: Options = {};
  while (words.next !== undefined) readOption(words, options);
  const { sourcePorts, targetPorts, ...found } = options;
  return {
    ...base,
    ...rest,
    ...found,
    protocol,
    from: { ...from, ports: from.ports ?? sourcePorts },
    to: { ...to, ports: to.ports ?? targetPorts },
  };
}
