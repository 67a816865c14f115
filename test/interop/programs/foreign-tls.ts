/**
 * TLS by Node's engine on any runtime: `serve`, `connect` or `refusals`, and its options as JSON. Prints a line of JSON
 * for each event.
 */
import { ClientFactory, createReactor, Protocol } from '../../../src/index.js';
import {
  connectTLS,
  listenTLS,
  TLSClientContext,
  type TLSClientOptions,
  TLSServerContext,
  type TLSServerOptions,
} from '../../../src/tls/index.js';

/** What `connect` does for each of its cases. */
export interface ForeignVisit {
  readonly port: number;
  readonly hostname: string;
  /** Visits with the same options share a context. */
  readonly options: TLSClientOptions;
}

const [role, json = '{}'] = process.argv.slice(2);
const reactor = createReactor({ kind: 'node' });

function tell(event: object): void {
  console.log(JSON.stringify(event));
}

function facts({ transport }: Protocol): object {
  const { version, negotiatedProtocol, serverName, resumed, engine } = transport.tls ?? {};
  return { version, negotiatedProtocol, serverName, resumed, engine };
}

function codeOf(error: Error): object {
  const { code, reason } = error as { code?: unknown; reason?: unknown };
  return { code, reason };
}

class Echo extends Protocol {
  handshakeCompleted(): void {
    tell({ completed: facts(this) });
  }

  override dataReceived(data: Buffer): void {
    this.transport.write(data);
    if (data.at(-1) === 0) this.transport.loseConnection();
  }

  override connectionLost(reason: Error): void {
    tell({ lost: codeOf(reason) });
  }
}

async function serve(options: TLSServerOptions): Promise<void> {
  const listening = listenTLS(reactor, 0, Echo, options, { interface: '127.0.0.1' });
  tell({ port: listening.getHost().port });
  process.stdin.on('end', () => reactor.stop()).resume();
  await reactor.run();
}

async function connect(visits: readonly ForeignVisit[]): Promise<void> {
  const contexts = new Map<string, TLSClientContext>();
  for (const { port, hostname, options } of visits) {
    const key = JSON.stringify(options);
    const context = contexts.get(key) ?? new TLSClientContext(options);
    contexts.set(key, context);
    await new Promise<void>((resolve) => {
      let text = '';
      class Visitor extends Protocol {
        override connectionMade(): void {
          this.transport.write('hello');
        }

        handshakeCompleted(): void {
          tell({ completed: facts(this) });
        }

        override dataReceived(data: Buffer): void {
          text += data;
        }
      }
      class Visitors extends ClientFactory {
        override buildProtocol(): Protocol {
          return new Visitor();
        }

        override clientConnectionLost(_connector: unknown, reason: Error): void {
          tell({ text, lost: codeOf(reason) });
          resolve();
        }
      }
      connectTLS(reactor, '127.0.0.1', port, new Visitors(), context, { hostname });
    });
  }
}

function refusals(identity: TLSServerOptions['identity']): void {
  const attempts: Readonly<Record<string, () => unknown>> = {
    client: () => new TLSClientContext(),
    clientCertificates: () =>
      new TLSServerContext({ identity, clientCertificates: 'required', trustRoots: 'system' }),
    serverNames: () => new TLSServerContext({ serverNames: { 'a.example': identity ?? {} } }),
  };
  for (const [name, make] of Object.entries(attempts)) {
    try {
      make();
      tell({ name, code: null });
    } catch (error) {
      tell({ name, ...codeOf(error as Error) });
    }
  }
}

const given = JSON.parse(json);
if (role === 'serve') await serve(given);
else if (role === 'connect') await connect(given);
else refusals(given);
process.exit(0);
