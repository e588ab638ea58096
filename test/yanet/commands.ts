// Commands of the command line that steps give: those that change something, those whose output
// is compared, and those that only look.

import type { Reals } from "./balancer.ts";
import type { Neighbor } from "./document.ts";
import type { Network } from "./network.ts";
import type { Pipeline } from "./pipeline.ts";
import { commandReason, outputReason } from "./reasons.ts";
import type { Rib } from "./rib.ts";
import { Unsupported } from "./unsupported.ts";

export interface Console {
  readonly pipeline: Pipeline;
  readonly rib: Rib;
  readonly neighbors: Neighbor[];
  readonly network: Network;
  readonly reals: Reals;
}

/** They print something nobody compares, or say that what was changed now holds. */
const HARMLESS = /^(neighbor flush|rib prefixes|route lookup .*|samples show|counter .*)$/;
/** Words of a command that say what it does, before what it does it to. */
const COMMAND_WORDS = 2;
const NO_STATES = "id  ruleno  label  rule\n--  ------  -----  ----";

/** What is wrong with what a command says; undefined: nothing, or it says nothing. */
export function runCommand(command: string, console: Console): string | undefined {
  if (HARMLESS.test(command)) return undefined;
  const [, wanted] = /^fw list states \| grep -q "(.+)"$/.exec(command) ?? [];
  if (wanted !== undefined) return stateDifference(wanted, console.network.states());
  const words = command.split(/\s+/);
  const [noun, verb, , ...rest] = words;
  if (noun === "neighbor" && verb === "insert") insertNeighbor(rest, console);
  else if (command.startsWith("rib static insert ")) insertRoute(words.slice(4), console.rib);
  else if (command.startsWith("rib static remove ")) removeRoute(words.slice(4), console.rib);
  else if (command.startsWith("balancer real ")) console.reals.command(words);
  else throw new Unsupported(commandReason(words.slice(0, COMMAND_WORDS).join(" ")));
  return undefined;
}

/** Whether a command compares something, rather than changes or prints it. */
export function isCheck(command: string): boolean {
  return command.includes("|");
}

/** Compares what a command prints with the lines behind it. */
export function checkCommand(text: string, { network }: Console): string | undefined {
  const [command = "", ...lines] = text.trimEnd().split("\n");
  const wanted = lines.map((line) => line.trimEnd()).join("\n");
  const found = printed(command.trim(), network);
  return found === wanted ? undefined : `${command} gave '${found}' instead of '${wanted}'`;
}

function printed(command: string, network: Network): string {
  const counts = network.counters.map((name) => ({ name, ...network.count(name) }));
  if (command === "hitcount dump acl") {
    const lines = counts.map(({ name, packets, bytes }) => `  ${name}: ${packets}, ${bytes}`);
    return `[\n${lines.join(",\n")}\n]`;
  }
  if (command === "telegraf acl") {
    return counts
      .map(({ name, packets, bytes }) => {
        return `acl,name=counters,rule=${name} packets=${packets}u,bytes=${bytes}u`;
      })
      .join("\n");
  }
  if (command === "fw list states") return [NO_STATES, ...network.states()].join("\n");
  const words = command.split(/\s+/).filter((word) => !word.includes("="));
  throw new Unsupported(outputReason(words.slice(0, COMMAND_WORDS).join(" ")));
}

function stateDifference(wanted: string, states: readonly string[]): string | undefined {
  if (states.some((state) => state.includes(wanted))) return undefined;
  return `no state '${wanted}' among: ${states.join("; ") || "none"}`;
}

/** kni0.100 10.10.0.2 00:00:ee:10:44:02 */
function insertNeighbor([name, ip = "", mac = ""]: readonly string[], console: Console): void {
  const { pipeline, neighbors } = console;
  const port = pipeline.interfaces.find((one) => one.name === name)?.port;
  if (port === undefined) throw new Unsupported(`neighbor at ${name}, which is no interface`);
  neighbors.push({ port, ip, mac });
}

/** 1.0.0.0/24 c0de::200:1 1001 */
function insertRoute([prefix = "", ip = "", label]: readonly string[], rib: Rib): void {
  rib.insert(prefix, ip, label);
}

function removeRoute([prefix = "", , label]: readonly string[], rib: Rib): void {
  rib.remove(prefix, label !== undefined);
}
