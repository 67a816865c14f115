/** Contexts, and pairs of transports, that are secured. */
import { NOT_CONNECTED } from '../../src/core/protocol.js';
import {
  type CreateReactorOptions,
  createReactor,
  IPv4Address,
  Protocol,
  type Reactor,
  type StreamProtocol,
  type TLSConnection,
} from '../../src/index.js';
import type { MakePair } from '../../src/testing/contracts/transport/scene.js';
import {
  type ConnectTLSOptions,
  connectTLS,
  listenTLS,
  TLSClientContext,
  TLSClientFactory,
  type TLSClientOptions,
  TLSServerContext,
  TLSServerFactory,
  type TLSServerOptions,
} from '../../src/tls/index.js';
import { Authority, type MadeCertificate } from '../support/certificates.js';
import { within } from '../support/deadline.js';

export const HOSTNAME = 'server.example';

export const authority: Authority = await Authority.make();
export const identity: MadeCertificate = await authority.issue('server', {
  names: [HOSTNAME],
  addresses: ['127.0.0.1'],
});

export type Engine = 'node' | 'native';

export const ENGINES: readonly Engine[] = ['node', 'native'];

export function serverContext(options: TLSServerOptions = {}): TLSServerContext {
  return new TLSServerContext({ identity, ...options });
}

export function clientContext(options: TLSClientOptions = {}): TLSClientContext {
  return new TLSClientContext({ trustRoots: authority.certificate, ...options });
}

const NOWHERE = new IPv4Address('TCP', '192.0.2.1', 1);

/** A protocol that secures its connection before `protocol` has it. */
export function asServer(context: TLSServerContext, protocol: StreamProtocol): StreamProtocol {
  const factory = new TLSServerFactory(context, () => protocol);
  return factory.buildProtocol(NOWHERE) as StreamProtocol;
}

export function asClient(context: TLSClientContext, protocol: StreamProtocol): StreamProtocol {
  const factory = new TLSClientFactory(context, () => protocol, { hostname: HOSTNAME });
  return factory.buildProtocol(NOWHERE) as StreamProtocol;
}

/** Pairs over TLS over other pairs, after the handshake. The first end is the client. */
export function securedPairs(makePair: MakePair, engine: Engine): MakePair {
  const server = serverContext({ engine });
  const client = clientContext({ engine });
  return async (first, second) => {
    const stage = await makePair(asClient(client, first), asServer(server, second));
    const ends = [first, second];
    await stage.until(() => ends.every(ready) || ends.some(ended), 'the handshake');
    return stage;
  };
}

function ready({ transport }: StreamProtocol): boolean {
  return transport?.tls?.handshakeComplete === true && transport.bufferedBytes === 0;
}

/** Its `connectionMade` may have closed the connection. */
function ended({ transport }: StreamProtocol): boolean {
  const opened = transport !== undefined && transport !== NOT_CONNECTED;
  return opened && (!transport.connected || transport.disconnecting);
}

/** Who encrypts, and on which reactor. */
export interface Kind {
  readonly name: string;
  readonly engine: Engine;
  make(options?: Pick<CreateReactorOptions, 'reportError'>): Reactor;
}

export const KINDS: readonly Kind[] = [
  {
    name: "Node's engine in the socket",
    engine: 'node',
    make: (options) => createReactor({ ...options, kind: 'node' }),
  },
  {
    name: "Node's engine above a transport",
    engine: 'node',
    make: (options) => createReactor({ ...options, kind: 'native' }),
  },
  {
    name: 'the native engine above a transport',
    engine: 'native',
    make: (options) => createReactor({ ...options, kind: 'node' }),
  },
  {
    name: 'the native engine in the reactor',
    engine: 'native',
    make: (options) => createReactor({ ...options, kind: 'native' }),
  },
];

/** Records what happens to its connection. */
export class Talker extends Protocol {
  readonly log: string[] = [];
  text = '';
  reason: (Error & { readonly code?: string }) | undefined = undefined;
  readonly #hooks: Partial<
    Record<'made' | 'secured' | 'received' | 'lost', (self: Talker) => void>
  >;
  readonly #waiting = new Set<() => void>();

  constructor(
    hooks: Partial<Record<'made' | 'secured' | 'received' | 'lost', (self: Talker) => void>> = {},
  ) {
    super();
    this.#hooks = hooks;
  }

  override connectionMade(): void {
    this.#happened('made');
  }

  handshakeCompleted(): void {
    this.#happened('secured');
  }

  override dataReceived(data: Buffer): void {
    this.text += data.toString('latin1');
    this.#happened('received');
  }

  override connectionLost(reason: Error): void {
    this.reason = reason;
    this.#happened('lost');
  }

  get tls(): TLSConnection {
    const { tls } = this.transport;
    if (tls === undefined) throw new Error('the connection is in clear');
    return tls;
  }

  async until(what: string, condition: () => boolean): Promise<void> {
    while (!condition()) {
      await within(
        new Promise<void>((resolve) => void this.#waiting.add(resolve)),
        `${what} (${this.log.join(', ')}; ${this.reason})`,
      );
    }
  }

  secured(): Promise<void> {
    return this.until(
      'the handshake',
      () => this.log.includes('secured') || this.reason !== undefined,
    );
  }

  async lost(): Promise<Error & { readonly code?: string }> {
    await this.until('connectionLost', () => this.reason !== undefined);
    return this.reason as Error;
  }

  received(text: string): Promise<void> {
    return this.until(`"${text}"`, () => this.text.includes(text));
  }

  #happened(event: 'made' | 'secured' | 'received' | 'lost'): void {
    if (event !== 'received') this.log.push(event);
    this.#hooks[event]?.(this);
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }
}

/** A reactor, and connections over it, which a test disposes of. */
export class Network implements AsyncDisposable {
  readonly reactor: Reactor;
  readonly reports: unknown[] = [];

  constructor(kind: Kind) {
    this.reactor = kind.make({ reportError: (error) => void this.reports.push(error) });
  }

  /** Serves one connection after the other with the protocols that `serve` makes. */
  listen(context: TLSServerContext, serve: () => StreamProtocol): number {
    const port = listenTLS(this.reactor, 0, serve, context, { interface: '127.0.0.1' });
    return port.getHost().port;
  }

  connect<P extends StreamProtocol>(
    port: number,
    context: TLSClientContext,
    protocol: P,
    options: ConnectTLSOptions = {},
  ): P {
    connectTLS(this.reactor, '127.0.0.1', port, () => protocol, context, {
      hostname: HOSTNAME,
      ...options,
    });
    return protocol;
  }

  /** Two talkers, after the handshake or its failure. */
  async pair(
    server: TLSServerContext,
    client: TLSClientContext,
    options: ConnectTLSOptions = {},
  ): Promise<{ server: Talker; client: Talker }> {
    const there = new Talker();
    const here = this.connect(
      this.listen(server, () => there),
      client,
      new Talker(),
      options,
    );
    await here.secured();
    await there.secured();
    return { server: there, client: here };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.reactor[Symbol.asyncDispose]();
  }
}
