// A custom resolver in front of the reactor's: it takes service names from a table and passes on all others.
import {
  ClientFactory,
  createReactor,
  Deferred,
  fail,
  type HostAddress,
  NameNotFoundError,
  type NameResolver,
  Protocol,
  type ResolveOptions,
  succeed,
} from 'ropewalk';

class ServiceNames implements NameResolver {
  readonly #table: ReadonlyMap<string, readonly HostAddress[]>;
  readonly #others: NameResolver;

  constructor(table: ReadonlyMap<string, readonly HostAddress[]>, others: NameResolver) {
    this.#table = table;
    this.#others = others;
  }

  resolveHostName(name: string, options?: ResolveOptions): Deferred<readonly HostAddress[]> {
    if (!name.endsWith('.internal')) return this.#others.resolveHostName(name, options);
    const found = this.#table.get(name);
    return found ? succeed(found) : fail(new NameNotFoundError('no such service', name));
  }
}

const table = new Map([['greeter.internal', [{ address: '127.0.0.1', family: 'IPv4' as const }]]]);
const reactor = createReactor();
reactor.installNameResolver(new ServiceNames(table, reactor.nameResolver));

class Greeter extends Protocol {
  override connectionMade(): void {
    this.transport.write('hello');
    this.transport.loseConnection();
  }
}

function visit(host: string): Deferred<void> {
  const visited = new Deferred<void>();
  const factory = new ClientFactory();
  factory.buildProtocol = () => new Protocol();
  factory.clientConnectionFailed = (_connector, { cause }) => {
    console.log(cause instanceof Error ? cause.message : cause);
    visited.callback();
  };
  factory.clientConnectionLost = () => {
    console.log(`connected to ${host}`);
    visited.callback();
  };
  reactor.connectTCP(host, port, factory, { timeoutMs: 5_000 });
  return visited;
}

const { port } = reactor.listenTCP(0, Greeter).getHost();
for (const host of ['greeter.internal', 'nobody.internal', 'localhost']) await visit(host);
await reactor[Symbol.asyncDispose]();
