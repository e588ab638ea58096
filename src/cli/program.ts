// The commands and their options. Each verb has its own file, loaded when it is called for; this
// one gives it its command line.

import { createRequire } from "node:module";
import { Command, CommanderError } from "commander";
import { printFailure, printUsageError } from "./failure.ts";
import { collectOutput, parseCount, parseQueues } from "./values.ts";

/** Sets the exit status of the verb that ran. */
type Finish = (status: number) => void;

const USAGE_STATUS = 2;

const EXAMPLES = `
Examples:
  sluice replay capture.pcap                              how fast, and is it all well-formed?
  sluice replay capture.pcap -c router.yaml --in lan -o wan=out.pcap
  sluice replay a.pcapng -c router.yaml --in 0=lan,1=wan --queues 2 --json
  sluice check -c router.yaml                             is the configuration right?
  sluice trace -c router.yaml capture.pcap:17             what became of packet 17, and why?
  sluice test policy.test.yaml                            does the policy do what it should?

Exit status: 0 done; 1 failed at work; 2 wrong usage or configuration.`;

const REPLAY_NOTES = `
Without -c, every packet goes from the port 'input' to the port 'output'.
"-" as a capture is stdin, as an output file stdout. Names that end in .pcapng are written as
pcapng, all others as pcap; .gz behind either compresses.

Examples:
  sluice replay capture.pcap -c router.yaml --in lan -o wan=out.pcapng -o lan=back.pcapng
  sluice replay capture.pcap --speed 20kpps --loop 100
  zcat big.pcap.gz | sluice replay - --queues 2 --digest`;

const TRACE_NOTES = `
Examples:
  sluice trace -c router.yaml capture.pcap:1
  sluice trace -c router.yaml --in wan capture.pcap:17 --json
  sluice trace -c router.yaml --in lan "tcp 10.0.0.9:1234 > 203.0.113.10:80 syn"
  sluice trace -c router.yaml --in lan --packet 0200000000010200000000a208004500...`;

/** The whole command line. */
export function createProgram(finish: Finish = () => {}): Command {
  const program = new Command("sluice")
    .description("Replays captures through a packet engine: route, rewrite, count, explain.")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .addHelpText("after", EXAMPLES);
  addReplay(program, finish);
  addCheck(program, finish);
  addTrace(program, finish);
  addTest(program, finish);
  return program;
}

function addReplay(program: Command, finish: Finish): void {
  program
    .command("replay")
    .description("send captures through the data path, and report what came out and how fast")
    .argument("<capture...>", "pcap or pcapng files, gzip or not; - is stdin")
    .option("-c, --config <file>", "configuration; without it packets only pass through")
    .option("--in <port>", "port they enter by, or 0=lan,1=wan by capture interface")
    .option("-o, --output <port=file>", "write what a port sends; repeatable", collectOutput)
    .option("--queues <n>", "worker threads, instead of engine.queues", parseQueues)
    .option("--speed <speed>", "top, 0.5x, 20kpps, 1gbit …", "top")
    .option("--loop <n>", "replay the captures so many times", parseCount, 1)
    .option("--no-checksum", "verify no checksums")
    .option("--resolve-neighbors", "ask for unknown neighbors instead of dropping")
    .option("--json", "print the report as one JSON object")
    .option("--digest", "add the SHA-256 of everything sent")
    .option("--flows [filter]", "list the connections there are at the end, as conntrack -L does")
    .helpOption("-h, --help", "print help")
    .addHelpText("after", REPLAY_NOTES)
    .action(async (captures, flags) => {
      const { replay } = await import("./replay.ts");
      finish(await replay(captures, flags));
    });
}

function addCheck(program: Command, finish: Finish): void {
  program
    .command("check")
    .description("validate a configuration and everything it names")
    .requiredOption("-c, --config <file>", "configuration")
    .option("--json", "print the result as one JSON object")
    .helpOption("-h, --help", "print help")
    .addHelpText("after", "\nExample:\n  sluice check -c router.yaml")
    .action(async (flags) => {
      const { check } = await import("./check.ts");
      finish(await check(flags));
    });
}

function addTrace(program: Command, finish: Finish): void {
  program
    .command("trace")
    .description("follow one packet through the data path and show every step")
    .argument("[packet]", "capture:number, from 1; or a packet in text, see docs/testing.md")
    .option("-c, --config <file>", "configuration; without it packets only pass through")
    .option("--in <port>", "port they enter by, or 0=lan,1=wan by capture interface")
    .option("--no-checksum", "verify no checksums")
    .option("--resolve-neighbors", "ask for unknown neighbors instead of dropping")
    .option("--packet <hex>", "an Ethernet frame in hexadecimal, instead of a capture's packet")
    .option("--json", "print the steps as one JSON object")
    .helpOption("-h, --help", "print help")
    .addHelpText("after", TRACE_NOTES)
    .action(async (target, flags) => {
      const { trace } = await import("./trace.ts");
      finish(await trace(target, flags));
    });
}

function addTest(program: Command, finish: Finish): void {
  program
    .command("test")
    .description("run policy tests: packets in, verdicts and packets expected")
    .argument("<file...>", "files of tests, YAML")
    .option("--json", "print the results as one JSON object")
    .helpOption("-h, --help", "print help")
    .addHelpText("after", "\nExample:\n  sluice test examples/firewall.test.yaml")
    .action(async (files, flags) => {
      const { test } = await import("./test.ts");
      finish(await test(files, flags));
    });
}

/** Runs a command line (as process.argv) and resolves to the exit status. Never rejects. */
export async function run(argv: readonly string[]): Promise<number> {
  let status = 0;
  const program = createProgram((result) => {
    status = result;
  });
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({ outputError: (text) => printUsageError(text) });
  }
  if (argv.length <= 2) {
    program.outputHelp({ error: true });
    return USAGE_STATUS;
  }
  try {
    await program.parseAsync(argv);
    return status;
  } catch (error) {
    // Commander has printed its own errors, and help, by now.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : USAGE_STATUS;
    return printFailure(error);
  }
}

function packageVersion(): string {
  return createRequire(import.meta.url)("sluice/package.json").version;
}
