/**
 * Opens and closes sockets of one kind many times, some of them abruptly, and prints what is left of them: descriptors and
 * memory before and after. Arguments: the reactor's name, the kind, the number of cycles.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type Address,
  type FactoryLike,
  Protocol,
  type Reactor,
  type SocketTransport,
  UNIXAddress,
} from '../../../src/index.js';
import { reactorMaker } from '../../support/reactors.js';
import { look } from './figures.js';

/** Cycles at a time, and how many of all are run before the first look. */
const LANES = 8;
const WARM_UP = 0.3;

/** What ends a connection, in turn: an orderly end, an abrupt one here, an abrupt one there. */
const ENDINGS = 3;

type Cycle = (i: number) => Promise<void>;
type Kind = (reactor: Reactor, folder: string) => Cycle;

/** The server's end: says a word, then closes abruptly where it is told to. */
class Greeter extends Protocol {
  override connectionMade(): void {
    this.transport.write('hello');
  }

  override dataReceived(data: Buffer): void {
    if (data.toString() === 'abort') this.transport.abortConnection();
  }
}

/** The client's end: waits for the word, then ends it in the i-th way. */
class Client extends Protocol {
  readonly gone: Promise<void>;
  readonly #ending: number;
  #finished: () => void = () => {};

  constructor(i: number) {
    super();
    this.#ending = i % ENDINGS;
    this.gone = new Promise((resolve) => {
      this.#finished = resolve;
    });
  }

  override dataReceived(): void {
    if (this.#ending === 0) this.transport.loseConnection();
    else if (this.#ending === 1) this.transport.abortConnection();
    else this.transport.write('abort');
  }

  override connectionLost(): void {
    this.#finished();
  }
}

const streams =
  (connect: (factory: FactoryLike) => void): Cycle =>
  async (i) => {
    const client = new Client(i);
    connect(() => client);
    await client.gone;
  };

const KINDS: Readonly<Record<string, Kind>> = {
  tcp: (reactor) => {
    const { port } = reactor.listenTCP(0, Greeter, { interface: '127.0.0.1' }).getHost();
    return streams((factory) => reactor.connectTCP('127.0.0.1', port, factory));
  },
  unix: (reactor, folder) => {
    const path = join(folder, 'stream');
    reactor.listenUNIX(path, Greeter);
    return streams((factory) => reactor.connectUNIX(path, factory));
  },
  udp: (reactor) => async (i) => {
    await new Promise<void>((resolve) => {
      const done = (): void => void port.stopListening().addCallback(() => resolve());
      const port = reactor.listenUDP(0, done, { interface: '127.0.0.1' });
      port.write('to itself', port.getHost());
      if (i % ENDINGS === 1) done();
    });
  },
  'unix-datagram': (reactor, folder) => async (i) => {
    const path = join(folder, `datagram-${i}`);
    await new Promise<void>((resolve) => {
      const end = async (): Promise<void> => {
        await client.stopListening();
        await server.stopListening();
        resolve();
      };
      const server = reactor.listenUNIXDatagram(path, () => void end());
      const client = reactor.connectUNIXDatagram(path, () => {});
      client.write('to the other', new UNIXAddress(path));
      if (i % ENDINGS === 1) void end();
    });
  },
  adopted: (reactor, folder) => {
    const path = join(folder, 'adopted');
    reactor.listenUNIX(path, Greeter);
    return async (i) => {
      const transport = await new Promise<SocketTransport>((resolve) => {
        reactor.connectUNIX(path, (_address: Address) => ({
          connectionMade: (made) => resolve(made as SocketTransport),
        }));
      });
      const { fd, unread } = await transport.detach();
      const client = new Client(i);
      reactor.adoptStreamConnection(fd, () => client, { takeOver: true, unread });
      await client.gone;
    };
  },
};

async function run(cycle: Cycle, from: number, to: number): Promise<void> {
  let next = from;
  const lane = async (): Promise<void> => {
    while (next < to) await cycle(next++);
  };
  await Promise.all(Array.from({ length: LANES }, lane));
}

const [name, kind = '', count] = process.argv.slice(2);
const open = KINDS[kind];
if (open === undefined) throw new Error(`no such kind: ${kind}`);
const cycles = Number(count);
const folder = mkdtempSync(join(tmpdir(), 'ropewalk-'));
const reactor = reactorMaker(name).make();
const cycle = open(reactor, folder);
const began = performance.now();
await run(cycle, 0, cycles * WARM_UP);
const before = await look();
await run(cycle, cycles * WARM_UP, cycles);
const after = await look();
const milliseconds = Math.round(performance.now() - began);
process.stdout.write(`${JSON.stringify({ before, after, milliseconds })}\n`);
await reactor[Symbol.asyncDispose]();
rmSync(folder, { recursive: true });
