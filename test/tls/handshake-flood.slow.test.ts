/** Peers that stop half-way in the handshake, 2,000 at once: others are served. */
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { connect as connectNodeTLS } from 'node:tls';
import { describe, expect, it } from 'vitest';
import { ConnectionDone, TLSHandshakeError, TooManyHandshakesError } from '../../src/index.js';
import { connectTLS, listenTLS } from '../../src/tls/index.js';
import { contract, portOf, type Rig } from '../support/contract.js';
import { PATIENCE, Pulse } from '../support/deadline.js';
import { RawPeer } from '../support/raw-peer.js';
import { ONE_POLLER } from '../support/reactors.js';
import { Recorder, recorders } from '../support/recorder.js';
import { clientContext, ENGINES, HOSTNAME, serverContext } from './secured.js';

const HOST = '127.0.0.1';
const PEERS = 2_000;
const MAX_HANDSHAKES = 100;
/** Connections that are begun together: fewer than the queue of the listening socket. */
const BATCH = 40;

/** The first flight of a client. */
async function clientHello(): Promise<Buffer> {
  const wire = new Duplex({
    read() {},
    write(bytes, _encoding, done) {
      this.emit('hello', bytes);
      done();
    },
  });
  const hello = once(wire, 'hello');
  const socket = connectNodeTLS({ socket: wire, servername: HOSTNAME });
  const [bytes] = (await hello) as [Buffer];
  socket.on('error', () => {}).destroy();
  return bytes;
}

interface Flooder {
  readonly title: string;
  /** Sent one after another. */
  readonly pieces: readonly Buffer[];
  /** Whether the server ends the connection because of it. Otherwise it waits, until a new handshake takes the place. */
  readonly refused: boolean;
}

async function flooders(): Promise<readonly Flooder[]> {
  const hello = await clientHello();
  const half = hello.subarray(0, hello.length >> 1);
  const bytes = Array.from(hello.subarray(0, 8), (_byte, at) => hello.subarray(at, at + 1));
  return [
    { title: 'sends nothing', pieces: [], refused: false },
    { title: 'sends half a hello', pieces: [half], refused: false },
    { title: 'sends a byte at a time', pieces: bytes, refused: false },
    { title: 'stops behind its hello', pieces: [hello], refused: false },
    { title: 'sends garbage', pieces: [Buffer.from('GET / HTTP/1.1\r\n\r\n')], refused: true },
    // A handshake record of 65,535 bytes.
    {
      title: 'sends an oversized record',
      pieces: [Buffer.from([22, 3, 1, 255, 255])],
      refused: true,
    },
    // A fatal alert, handshake_failure.
    { title: 'sends an alert', pieces: [Buffer.from([21, 3, 1, 0, 2, 2, 40])], refused: true },
    // An alert that does not fit its record.
    { title: 'sends half an alert', pieces: [Buffer.from([21, 3, 1, 0, 1, 2])], refused: true },
  ];
}

/** Sends a word, and settles when it has come back. */
async function served(client: Recorder): Promise<void> {
  const expected = client.receivedBytes + 4;
  client.transport.write('hemp');
  await client.receive(expected);
}

const overEngines = (rig: Rig): void => {
  describe.each(ENGINES)('by the %s engine', (engine) => {
    it('leaves others served', { timeout: 60_000 * PATIENCE }, async () => {
      const limits = { maxHandshakes: MAX_HANDSHAKES, handshakeTimeoutMs: 0 };
      const context = serverContext({ engine, ...limits });
      const ends: Error[] = [];
      const ended = new Pulse();
      const factory = recorders({
        dataReceived: (data, self) => self.transport.write(data),
        connectionLost: (reason) => {
          ends.push(reason);
          ended.notify();
        },
      });
      const port = portOf(listenTLS(rig.reactor, 0, factory, context, { interface: HOST }));
      const trusting = clientContext({ engine });
      const connect = async (): Promise<Recorder> => {
        const client = new Recorder();
        connectTLS(rig.reactor, HOST, port, () => client, trusting, { hostname: HOSTNAME });
        await client.made();
        await served(client);
        return client;
      };

      const open = await connect();
      const kinds = await flooders();
      expect(kinds.filter(({ refused }) => refused)).toHaveLength(kinds.length / 2);
      const peers: RawPeer[] = [];
      for (let begun = 0; begun < PEERS; begun += BATCH) {
        const batch = await Promise.all(
          Array.from({ length: BATCH }, () => RawPeer.connect(port, HOST)),
        );
        peers.push(...batch);
        batch.forEach((peer, i) => {
          for (const piece of kinds[i % kinds.length]?.pieces ?? []) peer.write(piece);
        });
        await served(open);
      }

      const countOf = (type: new (...args: never[]) => Error): number =>
        ends.filter((reason) => reason instanceof type).length;
      await ended.until(
        () => countOf(TLSHandshakeError) === PEERS / 2,
        () => `the end of all that violate TLS; so far ${countOf(TLSHandshakeError)}`,
      );
      expect(context.handshakes).toBeLessThanOrEqual(MAX_HANDSHAKES);
      expect(countOf(TooManyHandshakesError)).toBe(PEERS / 2 - context.handshakes);
      expect(ends).toHaveLength(PEERS - context.handshakes);

      const fresh = await connect();
      await served(open);
      for (const client of [open, fresh]) {
        client.transport.loseConnection();
        expect(await client.lost()).toBeInstanceOf(ConnectionDone);
      }
      await Promise.all(peers.map((peer) => peer[Symbol.asyncDispose]()));
    });
  });
};

contract('a flood of handshakes that stop half-way', overEngines, ONE_POLLER);
