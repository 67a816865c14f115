/** Peers made of node:net alone, so that what they see does not depend on Ropewalk. */
import { connect, createServer, type NetConnectOpts, type Server, type Socket } from 'node:net';
import { Pulse, within } from './deadline.js';

/** One end of a connection, over node:net. It stays open for writing when the other end finishes. */
export class RawPeer implements AsyncDisposable {
  readonly socket: Socket;
  readonly chunks: Buffer[] = [];
  receivedBytes = 0;
  localPort = 0;
  remotePort = 0;
  connected = false;
  ended = false;
  closed = false;
  error: NodeJS.ErrnoException | undefined = undefined;
  readonly pulse: Pulse = new Pulse();

  constructor(socket: Socket) {
    this.socket = socket;
    const onConnect = (): void => {
      this.connected = true;
      this.localPort = socket.localPort ?? 0;
      this.remotePort = socket.remotePort ?? 0;
      this.pulse.notify();
    };
    if (socket.connecting) socket.on('connect', onConnect);
    else onConnect();
    socket.on('data', (chunk: Buffer) => {
      this.chunks.push(chunk);
      this.receivedBytes += chunk.length;
      this.pulse.notify();
    });
    socket.on('end', () => {
      this.ended = true;
      this.pulse.notify();
    });
    socket.on('error', (error) => {
      this.error = error;
      this.pulse.notify();
    });
    socket.on('close', () => {
      this.closed = true;
      this.pulse.notify();
    });
  }

  /** Begins to connect. */
  static start(port: number, host = '127.0.0.1', options: Partial<NetConnectOpts> = {}): RawPeer {
    return new RawPeer(connect({ allowHalfOpen: true, noDelay: true, ...options, host, port }));
  }

  /** Connects, or rejects with the system's error. */
  static async connect(
    port: number,
    host = '127.0.0.1',
    options: Partial<NetConnectOpts> = {},
  ): Promise<RawPeer> {
    return RawPeer.made(RawPeer.start(port, host, options));
  }

  /** Connects to a UNIX socket. */
  static async connectUNIX(path: string): Promise<RawPeer> {
    return RawPeer.made(new RawPeer(connect({ allowHalfOpen: true, path })));
  }

  private static async made(peer: RawPeer): Promise<RawPeer> {
    const { socket } = peer;
    try {
      await peer.until(() => peer.connected || peer.error !== undefined, 'connection to be made');
    } catch (error) {
      socket.destroy();
      throw error;
    }
    if (peer.error !== undefined) throw peer.error;
    return peer;
  }

  get received(): Buffer {
    return Buffer.concat(this.chunks);
  }

  get text(): string {
    return this.received.toString();
  }

  write(data: Uint8Array | string): void {
    this.socket.write(data);
  }

  end(): void {
    this.socket.end();
  }

  /** Closes with a reset. */
  reset(): void {
    this.socket.resetAndDestroy();
  }

  until(condition: () => boolean, what: string, ms?: number): Promise<void> {
    const soFar = (): string => `a raw peer's ${what}; it has ${this.receivedBytes} bytes`;
    return this.pulse.until(condition, soFar, ms);
  }

  /** Settles with all that was received once that is `bytes` or more. */
  async receive(bytes: number): Promise<Buffer> {
    await this.until(() => this.receivedBytes >= bytes, `${bytes} bytes`);
    return this.received;
  }

  untilEnded(): Promise<void> {
    return this.until(() => this.ended, 'end');
  }

  /** The other end has closed the connection, in whichever way. */
  untilGone(): Promise<void> {
    return this.until(() => this.ended || this.closed, 'end or close');
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.socket.destroy();
    await this.until(() => this.closed, 'close');
  }
}

/** A listener over node:net. */
export class RawServer implements AsyncDisposable {
  readonly server: Server;
  readonly peers: RawPeer[] = [];
  readonly pulse: Pulse = new Pulse();

  private constructor(server: Server) {
    this.server = server;
    server.on('connection', (socket) => {
      this.peers.push(new RawPeer(socket));
      this.pulse.notify();
    });
  }

  static async listen(host = '127.0.0.1', port = 0): Promise<RawServer> {
    const server = createServer({ allowHalfOpen: true, noDelay: true });
    const raw = new RawServer(server);
    await within(
      new Promise<void>((resolve, reject) => {
        server.once('error', reject);
        server.listen({ host, port }, resolve);
      }),
      'a raw server to listen',
    );
    return raw;
  }

  get port(): number {
    const address = this.server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  /** Settles with the nth connection, counted from 0. */
  async peer(index = 0): Promise<RawPeer> {
    await this.pulse.until(() => this.peers.length > index, `raw connection ${index}`);
    return this.peers[index] as RawPeer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = new Promise<void>((resolve) => void this.server.close(() => resolve()));
    for (const peer of this.peers) await peer[Symbol.asyncDispose]();
    await within(closed, 'a raw server to close');
  }
}

/** A port of 127.0.0.1 that nothing listens on: it was free a moment ago. */
export async function closedPort(): Promise<number> {
  const server = await RawServer.listen();
  const { port } = server;
  await server[Symbol.asyncDispose]();
  return port;
}
