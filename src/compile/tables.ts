// The model as tables: how much memory it needs, and everything workers read.

import * as layout from "../../assembly/layout.ts";
import type { Model, RouteFileModel, RouteModel, ServiceModel } from "../config/model.ts";
import { readRouteFile } from "../config/route_file.ts";
import { SluiceError } from "../errors.ts";
import type { MemorySizes } from "../memory/map.ts";
import type { Region } from "../memory/region.ts";
import { Bindings, bindingBytes } from "./bindings.ts";
import { Bridges, bridgeSizes } from "./bridges.ts";
import { connectionSizes } from "./connection_sizes.ts";
import { ConnectionTable } from "./connections.ts";
import { flowSizes } from "./flow_sizes.ts";
import type { Covers } from "./flow_store.ts";
import { FlowTables } from "./flows.ts";
import { estimateLpmBytes } from "./lpm.ts";
import { endsOfFlow, endsOfService, type NatEnd, natEnds } from "./nat_ends.ts";
import { NeighborTable } from "./neighbors.ts";
import { connectedRoutes, writePort } from "./ports.ts";
import { RouteTable } from "./routes.ts";
import { SERVICE_VRF, serviceRoutes } from "./service_routes.ts";
import { ServiceTable } from "./services.ts";
import { isCovered, type Steering, steeringFor, writeSteering } from "./steering.ts";
import { writeTunnelWords } from "./tunnel_words.ts";
import { forgetPathMtus, forgetSequences, tunnelSizes, writeTunnels } from "./tunnels.ts";

/** Buckets reserved per next hop allowed; groups of any size draw from the sum. */
const BUCKETS_PER_NEXT_HOP = 16;
/** Chunks of the capture arena: what is read ahead of the slowest worker. */
const CHUNKS = 24;

/** The share of the routes allowed that is reckoned to be IPv6, which needs more memory each. */
const IP6_SHARE = 0.25;

/** Sizes of the memory a model needs. */
export function sizesOf(model: Model): MemorySizes {
  const { engine } = model;
  const routes6 = Math.ceil(engine.limits.routes * IP6_SHARE);
  const tables = model.vrfs.length * 2;
  return {
    queues: engine.queues,
    framesPerWorker: Math.max(1, Math.floor(engine.frames / engine.queues)),
    frameSize: engine.frameSize,
    ports: model.ports.length,
    vrfs: model.vrfs.length,
    forwardingEntries: engine.limits.nextHops + layout.FORWARDING_FIRST,
    buckets: engine.limits.nextHops * BUCKETS_PER_NEXT_HOP,
    // Entry 0 means "none".
    neighbors: engine.limits.neighbors + 1,
    lpmBytes: estimateLpmBytes(engine.limits.routes - routes6, routes6, tables),
    chunks: CHUNKS,
    bindingBytes: bindingBytes(model),
    ...bridgeSizes(model),
    ...flowSizes(model),
    ...connectionSizes(model),
    ...tunnelSizes(model),
    tunnelMetadata: model.tunnels.length > 0 || model.bridges.length > 0,
  };
}

/** All tables of an engine. */
export class Tables {
  readonly neighbors: NeighborTable;
  readonly routes: RouteTable;
  readonly flows: FlowTables;
  readonly connections: ConnectionTable;
  /** Undefined: there are no bridges. */
  readonly bridges?: Bridges;
  readonly bindings?: Bindings;
  /** Undefined: there are none. */
  readonly services?: ServiceTable;
  /** What shards do not go by: flows that NAT more than it covers cannot be added (isCovered). */
  steering: Steering;
  #natEnds: readonly NatEnd[];
  readonly #region: Region;

  constructor(region: Region, model: Model) {
    this.#region = region;
    for (const [number, port] of model.ports.entries()) writePort(region, number, port);
    if (model.bridges.length > 0) {
      this.bridges = new Bridges(region, model);
      this.bindings = new Bindings(region, model);
    }
    this.neighbors = new NeighborTable(region);
    this.routes = new RouteTable(region, this.neighbors, model.engine.limits.routes);
    const covers: Covers = (flow) => this.#covers(endsOfFlow(flow, model.ports));
    this.flows = new FlowTables(region, model, covers);
    this.connections = new ConnectionTable(region, model);
    this.#natEnds = natEnds(model);
    this.steering = steeringFor(this.#natEnds);
    writeSteering(region, this.steering);
    if (model.services.length > 0) {
      const covers = (service: ServiceModel) => this.#covers(endsOfService(service, model.ports));
      this.services = new ServiceTable(region, model, this.flows, covers);
    }
    writeTunnels(region, model);
    if (model.ports.some(({ mss }) => mss !== undefined)) {
      region.setBits(layout.CONTROL_OVERLAY, layout.OVERLAY_MSS, true);
    }
    writeTunnelWords(region, model);
    this.#writeEngine(model);
  }

  /** Fills the tables from the model; reads its route files. */
  async load(model: Model): Promise<void> {
    for (const { port, ip, mac } of model.neighbors) this.neighbors.setPermanent(port, ip, mac);
    for (const [number, port] of model.ports.entries()) {
      for (const route of connectedRoutes(port)) {
        this.routes.insertConnected(port.vrf, number, route);
      }
    }
    for (const { port, route } of serviceRoutes(model)) {
      this.routes.insertConnected(SERVICE_VRF, port, route);
    }
    for (const route of model.routes) this.#insert(route);
    for (const file of model.routeFiles) await this.#loadFile(file);
    this.routes.commit();
    this.flows.load();
    this.services?.load();
  }

  /** Forgets what a run has learned, and what tunnels have numbered. No worker may be running. */
  forget(): void {
    this.neighbors.forget();
    this.bridges?.forget();
    this.bindings?.forget();
    forgetPathMtus(this.#region);
    forgetSequences(this.#region);
  }

  /** Whether these ends of connections may be changed: while nothing runs, any can be made so. */
  #covers(ends: readonly NatEnd[]): boolean {
    if (ends.every((end) => isCovered(this.steering, end))) return true;
    if (this.flows.oldestVersion !== undefined) return false;
    this.#natEnds = [...this.#natEnds, ...ends];
    this.steering = steeringFor(this.#natEnds);
    writeSteering(this.#region, this.steering);
    return true;
  }

  #insert(route: RouteModel): void {
    this.routes.insert(route.vrf, route.to, route);
  }

  async #loadFile(file: RouteFileModel): Promise<void> {
    const insert = this.routes.bulk(file.vrf, file);
    // IPv4 may go by an IPv6 gateway (RFC 5549), IPv6 cannot go by an IPv4 one.
    const no6 = file.via.some(({ ip }) => ip?.length === 4);
    await readRouteFile(file.file, {
      prefix4: (address, length) => void insert(length, address),
      prefix6: (a, b, c, d, length, line) => {
        if (no6) throw wrongFamily(file, line);
        insert(length, a, b, c, d);
      },
    });
  }

  #writeEngine(model: Model): void {
    const { verifyChecksums, icmpErrors } = model.engine;
    let mode = verifyChecksums === "none" ? 0 : layout.MODE_VERIFY_HEADER;
    if (verifyChecksums === "all") mode |= layout.MODE_VERIFY_TRANSPORT;
    this.#region.setU32(layout.CONTROL_MODE, mode);
    const interval = Math.max(1, Math.round(1e9 / icmpErrors.perSecond));
    this.#region.setU64(layout.CONTROL_ICMP_INTERVAL, BigInt(interval));
    this.#region.setU64(layout.CONTROL_ICMP_BURST, BigInt(icmpErrors.burst));
  }
}

function wrongFamily({ file, pointer }: RouteFileModel, line: number): SluiceError {
  const message = `${file}:${line}: an IPv6 prefix, but the gateway of ${pointer} is IPv4`;
  return new SluiceError("ROUTE_FILE", message, { file, line, pointer });
}
