/** 100 MB over TLS, to a peer that does not read: memory is bounded, and other connections are served. */
import { once } from 'node:events';
import { connect as connectNodeTLS, type TLSSocket } from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { LimitUnsentBytesFactory, type PushProducer } from '../../src/index.js';
import { listenTLS } from '../../src/tls/index.js';
import { PATIENCE, within } from '../support/deadline.js';
import {
  authority,
  clientContext,
  HOSTNAME,
  KINDS,
  Network,
  serverContext,
  Talker,
} from './secured.js';

const MiB = 1024 * 1024;
const TOTAL = 100 * MiB;
const CHUNK = Buffer.alloc(64 * 1024, 'rope');
/** What the sockets of both ends hold on Linux, and a margin. */
const SYSTEM = 24 * MiB;

/** Writes {@link TOTAL} bytes as long as it is not paused. */
class Source implements PushProducer {
  written = 0;
  mostUnsent = 0;
  pauses = 0;
  #paused = false;
  readonly #talker: Talker;

  constructor(talker: Talker) {
    this.#talker = talker;
    talker.transport.registerProducer(this, true);
    this.resumeProducing();
  }

  pauseProducing(): void {
    this.#paused = true;
    this.pauses += 1;
  }

  resumeProducing(): void {
    const { transport } = this.#talker;
    this.#paused = false;
    while (!this.#paused && this.written < TOTAL) {
      transport.write(CHUNK);
      this.written += CHUNK.byteLength;
      this.mostUnsent = Math.max(this.mostUnsent, transport.bufferedBytes);
    }
    if (this.written < TOTAL) return;
    this.written = TOTAL;
    transport.unregisterProducer();
    transport.loseConnection();
  }

  stopProducing(): void {
    this.#paused = true;
  }
}

describe.each(KINDS)('a server by $name', (kind) => {
  const { engine } = kind;
  let network: Network;
  let sockets: TLSSocket[];

  beforeEach(() => {
    network = new Network(kind);
    sockets = [];
  });

  afterEach(async () => {
    for (const socket of sockets) socket.destroy();
    await network[Symbol.asyncDispose]();
  });

  /** Serves the first connection with `first`, and echoes to the others. @returns The port. */
  function serve(first: Talker): number {
    let accepted = 0;
    return network.listen(serverContext({ engine }), () => {
      accepted += 1;
      return accepted === 1 ? first : new Talker({ received: echo });
    });
  }

  /** A client that does not read before it is resumed. */
  async function connectSilently(port: number): Promise<TLSSocket> {
    const socket = connectNodeTLS({
      host: '127.0.0.1',
      port,
      servername: HOSTNAME,
      ca: authority.certificate,
    });
    socket.on('error', () => {});
    sockets.push(socket);
    await within(once(socket, 'secureConnect'), 'the handshake');
    socket.pause();
    return socket;
  }

  /** Settles when `value` has not changed for many turns, in which another connection is served. */
  async function settled(port: number, value: () => number): Promise<void> {
    const other = network.connect(port, clientContext({ engine }), new Talker());
    await other.secured();
    let before: number;
    do {
      before = value();
      for (let i = 0; i < 20; i++) {
        const { length } = other.text;
        other.transport.write('hemp');
        await other.until('the echo', () => other.text.length === length + 4);
      }
    } while (value() !== before);
    other.transport.loseConnection();
    await other.lost();
  }

  it('pauses a producer', { timeout: 60_000 * PATIENCE }, async () => {
    let source: Source | undefined;
    const port = serve(
      new Talker({
        secured: (self) => {
          source = new Source(self);
        },
      }),
    );
    const before = process.memoryUsage().rss;
    const client = await connectSilently(port);
    await settled(port, () => source?.written ?? 0);
    expect(source?.pauses).toBeGreaterThan(0);
    expect(source?.written).toBeLessThan(SYSTEM);
    expect(source?.mostUnsent).toBeLessThan(MiB);
    expect(process.memoryUsage().rss - before).toBeLessThan(TOTAL / 2);
    let received = 0;
    client.on('data', (bytes: Buffer) => {
      received += bytes.byteLength;
    });
    client.resume();
    await within(once(client, 'end'), () => `the end, behind ${received} bytes`, 40_000);
    expect(received).toBe(TOTAL);
  });

  it('does not read a client whose echo is not read', async () => {
    let received = 0;
    let mostUnsent = 0;
    const server = new Talker({
      made: (self) => self.transport.registerProducer(self.transport, true),
      received: (self) => {
        received += self.text.length;
        echo(self);
        mostUnsent = Math.max(mostUnsent, self.transport.bufferedBytes);
      },
    });
    const port = serve(server);
    const client = await connectSilently(port);
    client.write(Buffer.alloc(TOTAL));
    await settled(port, () => received);
    expect(received).toBeGreaterThan(0);
    expect(received).toBeLessThan(SYSTEM);
    expect(mostUnsent).toBeLessThan(MiB);
  });

  it('ends a connection with too many unsent bytes', async () => {
    const made: Talker[] = [];
    const options = { clock: network.reactor, maxBytes: MiB };
    const factory = new LimitUnsentBytesFactory(() => {
      const talker = new Talker({ received: echo });
      made.push(talker);
      return talker;
    }, options);
    const context = serverContext({ engine });
    const listening = listenTLS(network.reactor, 0, factory, context, { interface: '127.0.0.1' });
    const { port } = listening.getHost();
    await connectSilently(port);
    const [attacked] = made as [Talker];
    await attacked.secured();
    let written = 0;
    const write = (): void => {
      if (attacked.reason !== undefined || written >= TOTAL) return;
      attacked.transport.write(CHUNK);
      written += CHUNK.byteLength;
      network.reactor.callLater(0, write);
    };
    write();
    await settled(port, () => written);
    expect(await attacked.lost()).toMatchObject({
      code: 'ERR_TOO_MANY_UNSENT_BYTES',
      option: 'maxBytes',
    });
    expect(written).toBeLessThan(SYSTEM);
  });
});

/** Sends back what has arrived since the last call. */
function echo(talker: Talker): void {
  talker.transport.write(talker.text);
  talker.text = '';
}
