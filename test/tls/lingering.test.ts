/** The end of a client that closes before the session tickets of its server have arrived. */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { setImmediate as nextPass } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  LINGER_BYTES,
  LINGER_MS,
  LINGER_QUIET_MS,
  Lingering,
} from '../../src/reactor/streams/lingering.js';
import { patternedBytes } from '../../src/testing/contracts/patterned-bytes.js';
import { ManualClock } from '../../src/testing/index.js';
import { within } from '../support/deadline.js';
import { clientContext, KINDS, Network, serverContext, Talker } from './secured.js';

/** Passes bytes on, but from a server only its first flight, until `release`. */
class Relay implements Disposable {
  readonly #server: Server;
  readonly #sockets: Socket[] = [];
  readonly #held: Buffer[] = [];
  #holding = false;
  clientEnded = false;
  client: Socket | undefined = undefined;

  constructor(port: number) {
    this.#server = createServer({ allowHalfOpen: true }, (client) => {
      const server = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      this.client = client;
      this.#sockets.push(client, server);
      for (const socket of this.#sockets) socket.on('error', () => {});
      client.on('data', (bytes) => {
        // The client's second message completes the handshake.
        this.#holding = client.bytesRead > bytes.length;
        server.write(bytes);
      });
      client.on('end', () => {
        this.clientEnded = true;
        server.end();
      });
      server.on('data', (bytes) => {
        if (this.#holding) this.#held.push(bytes);
        else client.write(bytes);
      });
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => {
      this.#server.listen(0, '127.0.0.1', resolve);
    });
    return (this.#server.address() as { port: number }).port;
  }

  get heldBytes(): number {
    return Buffer.concat(this.#held).byteLength;
  }

  /** What was held, and the end. */
  release(): void {
    this.client?.end(Buffer.concat(this.#held));
  }

  [Symbol.dispose](): void {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
  }
}

async function until(what: string, condition: () => boolean): Promise<void> {
  const waiting = async (): Promise<void> => {
    while (!condition()) await nextPass();
  };
  await within(waiting(), what);
}

describe.each(KINDS)('a client by $name that closes before tickets arrive', (kind) => {
  const { engine } = kind;
  let network: Network;

  beforeEach(() => {
    network = new Network(kind);
  });

  afterEach(() => network[Symbol.asyncDispose]());

  it.each(['handshakeCompleted', 'connectionMade'])('in %s discards them', async (when) => {
    const server = new Talker();
    const port = network.listen(serverContext({ engine }), () => server);
    using relay = new Relay(port);
    const bytes = patternedBytes(300_000);
    const close = ({ transport }: Talker): void => {
      transport.write(bytes);
      transport.loseConnection();
    };
    const hooks = when === 'connectionMade' ? { made: close } : { secured: close };
    const client = network.connect(
      await relay.listen(),
      clientContext({ engine }),
      new Talker(hooks),
    );
    await until('the end of the client', () => relay.clientEnded && relay.heldBytes > 0);
    for (let i = 0; i < 20; i++) await nextPass();
    expect(client.reason).toBeUndefined();
    relay.release();
    expect((await client.lost()).name).toBe('ConnectionDone');
    expect((await server.lost()).name).toBe('ConnectionDone');
    expect(server.text.length).toBe(bytes.byteLength);
  });
});

describe('a lingering connection', () => {
  let clock: ManualClock;
  let ends = 0;
  let lingering: Lingering;

  beforeEach(() => {
    clock = new ManualClock();
    ends = 0;
    lingering = new Lingering(clock, () => {
      ends += 1;
    });
    lingering.begin();
  });

  afterEach(() => expect(clock.getDelayedCalls()).toEqual([]));

  it('ends after a time without input', () => {
    clock.advance(LINGER_QUIET_MS - 1);
    expect(ends).toBe(0);
    clock.advance(1);
    expect(ends).toBe(1);
  });

  it('ends after a longer time with input', () => {
    for (let at = 0; at < LINGER_MS - 1_000; at += 1_000) {
      clock.advance(1_000);
      lingering.discard(1);
    }
    expect(ends).toBe(0);
    clock.advance(1_000);
    expect(ends).toBe(1);
  });

  it('ends after too much input', () => {
    lingering.discard(LINGER_BYTES - 1);
    expect(ends).toBe(0);
    lingering.discard(1);
    expect(ends).toBe(1);
  });

  it('makes no call once it has stopped', () => {
    lingering.stop();
    lingering.discard(1);
    clock.advance(LINGER_MS);
    expect(ends).toBe(0);
  });
});
