// A file of policy tests -> packets to send and what is expected of them. Everything that is wrong
// with a file is told at once, with file, line and column, as with a configuration.

import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { Source } from "../config/source.ts";
import { validate } from "../config/validator.ts";
import {
  checkConnectionFilter,
  loadConfiguration,
  type Model,
  parseConfiguration,
  SluiceError,
} from "../engine.ts";
import { ExpectationReader } from "./expectation_reader.ts";
import { PacketReader, type TestPacket } from "./packet_reader.ts";
import { type FileDocument, TEST_FILE_SCHEMA, type TestDocument } from "./schema.ts";

export interface ExpectedConnections {
  /** As `engine.flows` takes it. */
  readonly filter: Readonly<Record<string, unknown>>;
  /** Undefined: at least one. */
  readonly count: number | undefined;
  readonly line: number;
}

export interface PolicyTest {
  readonly name: string;
  readonly line: number;
  readonly packets: readonly TestPacket[];
  readonly connections: readonly ExpectedConnections[];
}

export interface PolicyFile {
  readonly model: Model;
  readonly tests: readonly PolicyTest[];
}

/**
 * Reads a file, and the configuration it is about.
 * Throws CONFIG_NOT_FOUND, ConfigurationError, and what reading captures throws.
 */
export async function loadPolicyFile(file: string): Promise<PolicyFile> {
  const text = await readFile(file, "utf8").catch((cause: NodeJS.ErrnoException) => {
    const message = `policy tests ${file} cannot be read (${cause.code ?? cause.message})`;
    throw new SluiceError("CONFIG_NOT_FOUND", message, { file }, cause);
  });
  const source = new Source(text, file);
  validate(TEST_FILE_SCHEMA, source.value, (path, message, code, atKey) => {
    source.report(path, message, code, atKey);
  });
  source.throwProblems();
  const document = source.value as FileDocument;
  const model = await loadModel(document, source, file);
  const tests: PolicyTest[] = [];
  for (const [place, test] of document.tests.entries()) {
    tests.push(await readTest(test, ["tests", place], { source, model, file }));
  }
  source.throwProblems();
  return { model, tests };
}

async function loadModel(document: FileDocument, source: Source, file: string): Promise<Model> {
  const { configuration, config } = document;
  if ((configuration === undefined) === (config === undefined)) {
    source.report([], "expected either 'configuration', a file, or 'config', one in place");
    source.throwProblems();
  }
  if (configuration === undefined) return parseConfiguration(source.excerpt(["config"]), file);
  return loadConfiguration(resolve(dirname(file), configuration));
}

/** What reading a test needs to know. */
export interface TestScene {
  readonly source: Source;
  readonly model: Model;
  readonly file: string;
}

async function readTest(
  document: TestDocument,
  path: readonly (string | number)[],
  scene: TestScene,
): Promise<PolicyTest> {
  const { source } = scene;
  const reader = new PacketReader(scene, new ExpectationReader(scene));
  const packets: TestPacket[] = [];
  for (const [place, packet] of document.packets.entries()) {
    packets.push(...(await reader.packets(packet, [...path, "packets", place])));
  }
  const connections = (document.connections ?? []).map((written, place) => {
    const { count, ...filter } = written;
    const at = [...path, "connections", place];
    const isCount = Number.isSafeInteger(count) && Number(count) >= 0;
    if (count !== undefined && !isCount) {
      source.report([...at, "count"], `expected a number of connections, found ${count}`);
    }
    try {
      checkConnectionFilter(filter, scene.model);
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      source.report(at, error.message);
    }
    return { filter, count: count as number | undefined, line: source.placeOf(at).line };
  });
  return { name: document.name, line: source.placeOf(path).line, packets, connections };
}
