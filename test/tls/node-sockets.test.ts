/** Node's engine on the pure-JS reactor: `node:tls` encrypts the socket itself, and does not tell a close_notify from its end. */
import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import { LINGER_QUIET_MS } from '../../src/reactor/streams/lingering.js';
import type { TLSTransport } from '../../src/tls/tls-transport.js';
import { within } from '../support/deadline.js';
import { clientContext, HOSTNAME, KINDS, Network, serverContext, Talker } from './secured.js';

/** A client of `node:tls` whose ciphertext a test sends by hand. */
class HandClient implements Disposable {
  readonly socket: net.Socket;
  readonly secured: tls.TLSSocket;
  #held: Buffer[] | undefined = undefined;

  constructor(port: number) {
    this.socket = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const wire = new Duplex({
      read() {},
      write: (bytes: Buffer, _encoding, done) => {
        if (this.#held === undefined) this.socket.write(bytes);
        else this.#held.push(bytes);
        done();
      },
    });
    this.socket.on('data', (bytes) => wire.push(bytes));
    this.socket.on('error', () => {});
    this.secured = tls.connect({ socket: wire, rejectUnauthorized: false, servername: HOSTNAME });
    this.secured.on('error', () => {});
  }

  async ready(): Promise<void> {
    await within(once(this.secured, 'secureConnect'), 'the handshake');
  }

  /** The ciphertext of what `write` writes, unsent. */
  async encrypted(write: (socket: tls.TLSSocket, done: () => void) => void): Promise<Buffer> {
    const held: Buffer[] = [];
    this.#held = held;
    await within(new Promise<void>((done) => write(this.secured, done)), 'the ciphertext');
    this.#held = undefined;
    return Buffer.concat(held);
  }

  [Symbol.dispose](): void {
    this.secured.destroy();
    this.socket.destroy();
  }
}

const [NODE] = KINDS;

describe(`a server by ${NODE?.name}`, () => {
  let network: Network;
  let server: Talker;
  let client: HandClient;

  beforeEach(async () => {
    network = new Network(NODE as (typeof KINDS)[number]);
    server = new Talker();
    client = new HandClient(network.listen(serverContext({ engine: 'node' }), () => server));
    await client.ready();
    await server.secured();
  });

  afterEach(async () => {
    vi.restoreAllMocks();
    client[Symbol.dispose]();
    await network[Symbol.asyncDispose]();
  });

  it('takes the end of the socket for a truncation', async () => {
    client.socket.end();
    expect(await server.lost()).toMatchObject({ code: 'ERR_TLS_TRUNCATED' });
  });

  it('takes the end of the socket within a record for a truncation', async () => {
    const record = await client.encrypted((socket, done) => socket.write('lost', done));
    client.socket.end(record.subarray(0, record.length - 1));
    expect(await server.lost()).toMatchObject({ code: 'ERR_TLS_TRUNCATED' });
    expect(server.text).toBe('');
  });

  it('takes the end of the socket behind data in one segment for a truncation', async () => {
    const record = await client.encrypted((socket, done) => socket.write('whole', done));
    client.socket.end(record);
    expect(await server.lost()).toMatchObject({ code: 'ERR_TLS_TRUNCATED' });
    expect(server.text).toBe('whole');
  });

  it('takes a close_notify with the end of the socket in one segment for a clean end', async () => {
    const record = await client.encrypted((socket, done) => socket.end('all', done));
    client.socket.end(record);
    expect(await server.lost()).toMatchObject({ code: 'ERR_CONNECTION_DONE' });
    expect(server.text).toBe('all');
  });

  it('does not linger behind the close_notify of a peer that sent a lot', async () => {
    const data = 'x'.repeat(16 * 1024);
    client.socket.write(await client.encrypted((socket, done) => socket.end(data, done)));
    const lingered = new Promise<string>((resolve) => {
      network.reactor.callLater(LINGER_QUIET_MS / 2, () => resolve('lingered'));
    });
    expect(await Promise.race([server.lost().then(() => 'lost'), lingered])).toBe('lost');
    expect(server.text).toBe(data);
  });

  it('takes a close_notify in the segment at which it paused for a clean end', async () => {
    const { transport } = server;
    server.dataReceived = () => transport.pauseProducing();
    const record = await client.encrypted((socket, done) => socket.end('all', done));
    client.socket.end(record);
    expect(await server.lost()).toMatchObject({ code: 'ERR_CONNECTION_DONE' });
  });

  it('sees a truncation behind data at which it paused once it resumes', async () => {
    const { transport } = server;
    server.dataReceived = () => {
      transport.pauseProducing();
      network.reactor.callLater(0, () => transport.resumeProducing());
    };
    const record = await client.encrypted((socket, done) => socket.write('all', done));
    client.socket.end(record);
    expect(await server.lost()).toMatchObject({ code: 'ERR_TLS_TRUNCATED' });
  });

  it('does not see ciphertext in JavaScript', async () => {
    const received = vi.spyOn(
      server.transport as unknown as { wireReceived(): void },
      'wireReceived',
    );
    client.secured.write('hello');
    await server.received('hello');
    expect(received).not.toHaveBeenCalled();
  });

  it('reads no more while many answers to its peer are unsent', async () => {
    const write = vi.spyOn(tls.TLSSocket.prototype, 'write');
    server.transport.write('hello');
    await within(once(client.secured, 'data'), 'text of the server');
    const { _handle: handle } = write.mock.contexts[0] as unknown as { _handle: object };
    let unsent = 64 * 1024 + 1;
    Object.defineProperty(handle, 'writeQueueSize', { get: () => unsent });
    const paused = new Promise<void>((resolve) => {
      vi.spyOn(server.transport as unknown as TLSTransport, 'stopInput').mockImplementation(
        resolve,
      );
    });
    const resumed = new Promise<void>((resolve) => {
      vi.spyOn(server.transport as unknown as TLSTransport, 'resumeInput').mockImplementation(
        resolve,
      );
    });
    await within(paused, 'the inspection');
    unsent = 0;
    await within(resumed, 'the end of the answers');
  });
});

it('sends text that was written before startTLS ahead of the handshake', async () => {
  await using network = new Network(NODE as (typeof KINDS)[number]);
  const context = serverContext({ engine: 'node' });
  const server = new Talker({
    made: ({ transport }) => {
      transport.write('220 ready\n');
      server.transport = transport.startTLS(context);
    },
  });
  const port = network.reactor.listenTCP(0, () => server, { interface: '127.0.0.1' });
  const client = new Talker({
    received: (self) => {
      if (self.text !== '220 ready\n') return;
      self.transport = self.transport.startTLS(clientContext({ engine: 'node' }), {
        hostname: HOSTNAME,
      });
    },
  });
  network.reactor.connectTCP('127.0.0.1', port.getHost().port, () => client);
  await client.secured();
  server.transport.write('secret');
  await client.received('220 ready\nsecret');
});

it('sends a close_notify behind the session tickets', async () => {
  await using network = new Network(NODE as (typeof KINDS)[number]);
  const server = new Talker({
    secured: ({ transport }) => {
      transport.write('hello');
      transport.loseConnection();
    },
  });
  const port = network.listen(serverContext({ engine: 'node' }), () => server);
  const client = network.connect(port, clientContext({ engine: 'node' }), new Talker());
  expect(await client.lost()).toMatchObject({ code: 'ERR_CONNECTION_DONE' });
  expect(client.text).toBe('hello');
});
