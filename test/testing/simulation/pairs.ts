/** Simulations with two hosts and a connection between two recorders. */
import type { Connector } from '../../../src/core/connector.js';
import type { ListeningPort } from '../../../src/core/listening-port.js';
import type { ConnectTCPOptions } from '../../../src/core/tcp-options.js';
import type { SimulatedConnection } from '../../../src/testing/simulation/connection.js';
import type { SimulatedReactor } from '../../../src/testing/simulation/simulated-reactor.js';
import { Simulation, type SimulationOptions } from '../../../src/testing/simulation/simulation.js';
import { Recorder, RecordingFactory } from '../../support/recorder.js';

export interface SimulatedPair {
  readonly simulation: Simulation;
  readonly client: Recorder;
  readonly server: Recorder;
  readonly clientFactory: RecordingFactory;
  readonly serverFactory: RecordingFactory;
  readonly connector: Connector;
  readonly port: ListeningPort;
  readonly clientHost: SimulatedReactor;
  readonly serverHost: SimulatedReactor;
  readonly connection: SimulatedConnection;
}

/** `b` connected to port 80 of `a`. */
export function connectedPair(
  options: SimulationOptions = {},
  client: Recorder = new Recorder(),
  server: Recorder = new Recorder(),
  connect: ConnectTCPOptions = {},
): SimulatedPair {
  const simulation = new Simulation(options);
  const serverHost = simulation.host('a');
  const clientHost = simulation.host('b');
  const serverFactory = new RecordingFactory(() => server);
  const clientFactory = new RecordingFactory(() => client);
  const port = serverHost.listenTCP(80, serverFactory);
  const connector = clientHost.connectTCP('a', 80, clientFactory, connect);
  simulation.runSync(() => client.connected && server.connected);
  const [connection] = simulation.connections;
  if (connection === undefined) throw new Error('there is no connection');
  return {
    ...{ simulation, client, server, clientFactory, serverFactory, connector, port },
    ...{ clientHost, serverHost, connection },
  };
}

/** Bytes of which each says where it stands. */
export function numbered(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, index) => (index * 7 + (index >>> 8)) & 255));
}
