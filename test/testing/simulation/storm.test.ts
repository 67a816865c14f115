/** Whatever is done to connections in whatever weather, the rules of transports hold and no byte is made up. */
import { expect, it } from 'vitest';
import { ConnectionClosed } from '../../../src/core/errors/connection.js';
import { STORMY } from '../../../src/testing/simulation/faults.js';
import { simulate } from '../../../src/testing/simulation/simulate.js';
import type { Simulation } from '../../../src/testing/simulation/simulation.js';
import {
  HalfCloseRecorder,
  Recorder,
  RecordingFactory,
  takeViolations,
} from '../../support/recorder.js';
import { numbered } from './pairs.js';

const CLIENTS = 3;
const DEEDS = 30;
const METHODS = [
  'pauseProducing',
  'resumeProducing',
  'loseWriteConnection',
  'loseConnection',
  'abortConnection',
  'unregisterProducer',
] as const;

/** An end of a connection, and all that was written to it. */
interface Party {
  readonly recorder: Recorder;
  readonly written: Buffer[];
}

function party(simulation: Simulation): Party {
  const halfCloses = simulation.random.chance(0.5);
  return { recorder: halfCloses ? new HalfCloseRecorder() : new Recorder(), written: [] };
}

function write({ recorder, written }: Party, length: number): void {
  const data = numbered(length);
  written.push(data);
  recorder.call('write', data);
}

function act(simulation: Simulation, one: Party): void {
  const { random } = simulation;
  if (!one.recorder.connected) return;
  if (random.chance(0.6)) write(one, random.integer(1, random.pick([10, 1_000, 100_000])));
  else if (random.chance(0.2)) {
    if (random.chance(0.5)) one.recorder.call('unregisterProducer');
    else produce(one, random.integer(1, 5));
  } else one.recorder.call(random.pick(METHODS));
}

/** Registers a pull producer of so many pieces. */
function produce(one: Party, pieces: number): void {
  let left = pieces;
  one.recorder.call('unregisterProducer');
  const producer = {
    resumeProducing: () => {
      write(one, 5_000);
      left -= 1;
      if (left === 0) one.recorder.call('unregisterProducer');
    },
    stopProducing: () => {},
  };
  one.recorder.transport.registerProducer(producer, false);
}

/** What was received is what was written, from the first byte on. */
function expectPrefix(receiver: Party, sender: Party): void {
  const received = receiver.recorder.received;
  const sent = Buffer.concat(sender.written).subarray(0, received.length);
  expect(received.equals(sent), `${received.length} bytes received`).toBe(true);
}

it('keeps the rules under 150 seeds', async () => {
  await simulate(
    async (simulation) => {
      const servers: Party[] = [];
      const factory = new RecordingFactory(() => {
        const server = party(simulation);
        servers.push(server);
        return server.recorder;
      });
      simulation.host('server').listenTCP(80, factory);
      const clients = Array.from({ length: CLIENTS }, () => party(simulation));
      const { random } = simulation;
      for (const client of clients) {
        simulation
          .host('client')
          .connectTCP('server', 80, new RecordingFactory(() => client.recorder));
      }
      for (let deed = 0; deed < DEEDS; deed++) {
        simulation.callLater(random.between(0, 2_000), () => {
          act(simulation, random.pick([clients[0] as Party, ...clients, ...servers]));
        });
      }
      await simulation.run({ ms: 3_000 });
      simulation.heal();
      for (const { recorder } of [...clients, ...servers]) {
        if (!recorder.connected) continue;
        recorder.call('unregisterProducer');
        recorder.call('resumeProducing');
        recorder.call('loseConnection');
      }
      await simulation.run();
      // Two ends that both close with more to send than the buffers take wait for each other, over TCP too.
      for (const { recorder } of [...clients, ...servers]) {
        if (recorder.connected) recorder.call('abortConnection');
      }
      await simulation.run();
      expect(takeViolations(), 'rules broken').toEqual([]);
      expect(simulation.connections).toEqual([]);
      for (const name of ['server', 'client']) {
        const host = simulation.host(name);
        expect([host.open.size, host.statistics().connectionsOpen]).toEqual([0, 0]);
      }
      for (const { recorder } of [...clients, ...servers]) {
        if (recorder.reason !== undefined) expect(recorder.reason).toBeInstanceOf(ConnectionClosed);
      }
      for (const client of clients.filter(({ recorder }) => recorder.opened)) {
        const host = String(client.recorder.transport.getHost());
        const server = servers.find(
          ({ recorder }) => String(recorder.transport.getPeer()) === host,
        );
        if (server === undefined) continue;
        expectPrefix(server, client);
        expectPrefix(client, server);
      }
    },
    { runs: 150, faults: STORMY, reportError: () => {} },
  );
});
