// A configuration file or text -> the model: syntax, schema, then meaning. What one phase finds is
// reported whole; a phase is reached only when the one before found nothing that misleads it.

import { readFile } from "node:fs/promises";
import { SluiceError } from "../errors.ts";
import { buildBridges } from "./bridges.ts";
import { ConnectedPrefixes } from "./connected.ts";
import { buildConntrack } from "./conntrack.ts";
import { Cursor } from "./cursor.ts";
import { MAX_VRFS } from "./defaults.ts";
import { buildEngine, limitsOf } from "./engine.ts";
import { asksForTracking, buildFlowModel } from "./flow_model.ts";
import { flowLabel } from "./flow_parser.ts";
import { GatewayBuilder } from "./gateways.ts";
import type { Model } from "./model.ts";
import { Names } from "./names.ts";
import { NeighborBuilder } from "./neighbors.ts";
import { buildPorts } from "./ports.ts";
import { ConfigurationError, type Path } from "./problems.ts";
import { RouteBuilder } from "./routes.ts";
import { type ConfigurationDocument, ConfigurationSchema } from "./schema.ts";
import { buildServices } from "./services.ts";
import { Source } from "./source.ts";
import { trackingIsOff } from "./table_graph.ts";
import { buildTunnelWords } from "./tunnel_words.ts";
import { buildTunnels, checkTunnels } from "./tunnels.ts";
import { validate } from "./validator.ts";

/**
 * Reads a YAML or JSON file. Throws CONFIG_NOT_FOUND when it cannot be read, and what
 * parseConfiguration() throws.
 */
export async function loadConfiguration(file: string): Promise<Model> {
  const bytes = await readFile(file).catch((cause: NodeJS.ErrnoException) => {
    const message = `configuration ${file} cannot be read (${cause.code ?? cause.message})`;
    throw new SluiceError("CONFIG_NOT_FOUND", message, { file }, cause);
  });
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const message = "expected UTF-8 text";
    const place = { line: 1, column: 1, pointer: "" };
    throw new ConfigurationError([{ code: "CONFIG_SYNTAX", message, ...place }], file);
  }
  return parseConfiguration(text, file);
}

/**
 * Checks a YAML or JSON text and gives the model, frozen but for the bytes of addresses and MACs
 * (typed arrays cannot be frozen). `file` is named in errors, and route files are relative to its
 * folder. Throws ConfigurationError (CONFIG_SYNTAX, CONFIG_INVALID, CONFIG_UNSUPPORTED) with every
 * problem found.
 */
export function parseConfiguration(text: string, file?: string): Model {
  const source = new Source(text, file);
  // What a flow looks like is looked at again when it is read, beside what it means.
  const inFlows: (() => void)[] = [];
  validate(ConfigurationSchema, source.value, (path, message, code, atKey) => {
    const flow = flowOf(source.value, path);
    if (flow === undefined) source.report(path, message, code, atKey);
    else inFlows.push(() => source.report(path, `${flow}: ${message}`, code, atKey));
  });
  // Unsupported keys do not mislead what follows: report them together with its findings.
  if (source.problems.some(({ code }) => code !== "CONFIG_UNSUPPORTED")) {
    for (const report of inFlows) report();
    source.throwProblems();
  }
  const model = buildModel(source.value as ConfigurationDocument, source, file);
  source.throwProblems();
  return deepFreeze(model);
}

function buildModel(
  document: ConfigurationDocument,
  source: Source,
  file: string | undefined,
): Model {
  const names = new Names(document, source);
  if (names.vrfs.length > MAX_VRFS) {
    const message = `expected at most ${MAX_VRFS} VRFs with 'main', found ${names.vrfs.length}`;
    source.report(["vrfs"], message);
  }
  const at = (key: string) => new Cursor(source.report.bind(source), [key]);
  const tunnels = buildTunnels(document.tunnels ?? {}, names, at("tunnels"));
  const ports = buildPorts(document, tunnels, names, source);
  const connected = new ConnectedPrefixes(ports);
  checkTunnels(tunnels, connected, source, at("tunnels"));
  const builder = new RouteBuilder(names, new GatewayBuilder(names, connected, source), source);
  const routes = builder.routes(document.routes ?? []);
  const routeFiles = builder.routeFiles(document.route_files ?? [], file);
  const neighbors = new NeighborBuilder(names, connected, routes, routeFiles, source);
  const limits = limitsOf(document.engine?.limits);
  const flows = buildFlowModel(document, names.ports, limits, source);
  const services = buildServices(document.services ?? [], limits.backends, source, at("services"));
  if (services.length > 0 && document.conntrack?.enabled === false) {
    source.report(["services"], trackingIsOff("a service"));
  }
  const isTracked =
    services.length > 0 || (document.conntrack === undefined && asksForTracking(flows));
  const conntrack = buildConntrack(document.conntrack, isTracked, at("conntrack"));
  return {
    engine: buildEngine(document.engine ?? {}, conntrack.enabled, source),
    ports,
    bridges: buildBridges(document, ports, names, source),
    tunnels,
    tunnelMetadata: buildTunnelWords(
      document.tunnel_metadata ?? {},
      tunnels,
      at("tunnel_metadata"),
    ),
    vrfs: names.vrfs,
    neighbors: neighbors.neighbors(document.neighbors ?? []),
    routes,
    routeFiles,
    conntrack,
    services,
    ...flows,
  };
}

/** "flow 'web'" for a path within a flow. */
function flowOf(document: unknown, path: Path): string | undefined {
  const [key, table, flows, place] = path;
  if (key !== "tables" || flows !== "flows" || typeof place !== "number") return undefined;
  const { tables } = document as { tables: Record<string, { flows: unknown[] }> };
  return flowLabel(tables[table!]?.flows[place], place);
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== "object" || value === null || ArrayBuffer.isView(value)) return value;
  for (const part of Object.values(value)) deepFreeze(part);
  return Object.freeze(value);
}
