// The last step: finger in clear and over TLS, a page of status with health and metrics, users in memory, in a file or in a
// database: `npx ropewalk run examples/finger-service.ts`. `finger` asks port 79: `--finger tcp:79`.
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import type { Reactor } from 'ropewalk';
import { ConnectionPool, sqlite } from 'ropewalk/adbapi';
import {
  Application,
  healthHandler,
  Service,
  type StreamServerEndpointService,
  serviceFromString,
} from 'ropewalk/application';
import { FingerServerFactory } from 'ropewalk/finger';
import { HTTPFactory, type HTTPHandler } from 'ropewalk/http';
import { Logger } from 'ropewalk/logger';
import {
  addConnections,
  addReactor,
  MetricsRegistry,
  meterListener,
  PROMETHEUS_CONTENT_TYPE,
  prometheusText,
} from 'ropewalk/metrics';
import { selfSignedCertificate, TLSServerContext, TLSServerFactory } from 'ropewalk/tls';

const log = new Logger({ namespace: 'finger' });

/** A backend: where the users are. */
abstract class Users extends Service {
  abstract readonly kind: string;
  abstract find(name: string): Promise<string | undefined>;
  /** Throws if no user can be found at the moment. */
  async check(): Promise<void> {}
}

class UsersInMemory extends Users {
  readonly kind: string = 'memory';
  protected users: ReadonlyMap<string, string> = new Map([
    ['ropewalk', 'Ropewalk is an event-driven networking framework.'],
    ['ada', 'Ada writes programs for engines that do not exist yet.'],
  ]);

  override async find(name: string): Promise<string | undefined> {
    return this.users.get(name);
  }
}

/** One "name: text" in each line. SIGHUP reads the file again. */
class UsersInFile extends UsersInMemory {
  override readonly kind = 'file';
  readonly #path: string;

  constructor(path: string) {
    super('users');
    this.#path = path;
  }

  protected override start(): Promise<void> {
    return this.reloadService();
  }

  async reloadService(): Promise<void> {
    const lines = (await readFile(this.#path, 'utf8')).split('\n');
    const found = lines.map((line) => /^(\S+): (.*)$/.exec(line)).filter((match) => match !== null);
    this.users = new Map(found.map(([, name = '', text = '']) => [name.toLowerCase(), text]));
    log.info('{count} users in {path}', { count: this.users.size, path: this.#path });
  }
}

/** The table `users (name TEXT PRIMARY KEY, text TEXT)` of an SQLite database. */
class UsersInDatabase extends Users {
  override readonly kind = 'database';
  readonly #open: () => ConnectionPool;
  #pool: ConnectionPool | undefined;

  constructor(reactor: Reactor, path: string) {
    super('users');
    this.#open = () => new ConnectionPool(reactor, sqlite(path));
  }

  override async find(name: string): Promise<string | undefined> {
    const sql = 'SELECT text FROM users WHERE name = ?';
    const rows = await this.#pool?.runQuery<{ text: string }>(sql, [name], { timeoutMs: 5_000 });
    return rows?.[0]?.text;
  }

  override async check(): Promise<void> {
    await this.find('');
  }

  protected override async start(): Promise<void> {
    this.#pool = this.#open();
    const schema = 'CREATE TABLE IF NOT EXISTS users (name TEXT PRIMARY KEY, text TEXT NOT NULL)';
    await this.#pool.runOperation(schema);
  }

  protected override async stop(): Promise<void> {
    await this.#pool?.close();
  }
}

const text = { type: 'string' } as const;
const OPTIONS = {
  finger: { ...text, default: 'tcp:7064:interface=127.0.0.1' },
  'finger-tls': { ...text, default: 'tcp:7065:interface=127.0.0.1' },
  web: { ...text, default: 'tcp:7066:interface=127.0.0.1' },
  users: text, // a file
  database: text, // a file of SQLite
  cert: text, // files in PEM; default: a certificate of its own, for localhost
  key: text,
};

function usersOf(reactor: Reactor, file?: string, database?: string): Users {
  if (database !== undefined) return new UsersInDatabase(reactor, database);
  return file === undefined ? new UsersInMemory('users') : new UsersInFile(file);
}

/** `/`, `/metrics`; `/healthz` and `/readyz` are those of `healthHandler`. */
function pages(metrics: MetricsRegistry, status: () => object): HTTPHandler {
  return ({ path }, response) => {
    if (path === '/') response.sendJSON(status());
    else if (path !== '/metrics') response.sendStatus(404);
    else response.setField('Content-Type', PROMETHEUS_CONTENT_TYPE).send(prometheusText(metrics));
  };
}

export default async function (reactor: Reactor, args: string[]): Promise<Application> {
  const { values } = parseArgs({ args, options: OPTIONS });
  const { users: file, database, cert, key } = values;
  const application = new Application('finger', reactor);
  const metrics = new MetricsRegistry();
  addReactor(metrics, reactor);
  addConnections(metrics);
  const queries = metrics.counter('finger_queries_total', 'Queries by result.', ['result']);
  const totals = { found: 0, unknown: 0, failed: 0 };
  const count = (result: keyof typeof totals): void => {
    totals[result] += 1;
    queries.add(1, { result });
  };

  const users = usersOf(reactor, file, database);
  const finger = new FingerServerFactory(reactor, async (name) => {
    try {
      const found = await users.find(name.toLowerCase());
      count(found === undefined ? 'unknown' : 'found');
      return found;
    } catch (error) {
      count('failed');
      throw error;
    }
  });
  const identity =
    cert === undefined ? await selfSignedCertificate() : { certificateFile: cert, keyFile: key };
  const secured = new TLSServerFactory(new TLSServerContext({ identity }), finger);
  const status = (): object => ({ users: users.kind, queries: totals, uptime: process.uptime() });
  const web = new HTTPFactory(reactor, healthHandler(application.health, pages(metrics, status)));

  const listeners = [
    ['finger', values.finger, finger],
    ['finger-tls', values['finger-tls'], secured],
    ['web', values.web, web],
  ] as const;
  application.addService(users);
  application.health.add('users', () => users.check());
  for (const [name, endpoint, factory] of listeners) {
    const metered = name === 'web' ? factory : meterListener(metrics, name, factory);
    const service = serviceFromString(reactor, endpoint, metered, { name });
    application.addService(service);
    application.addService(new Announcement(service));
  }
  return application;
}

/** Logs where a listener listens, when it does. */
class Announcement extends Service {
  readonly #listener: StreamServerEndpointService;

  constructor(listener: StreamServerEndpointService) {
    super();
    this.#listener = listener;
  }

  protected override start(): void {
    const { name, port } = this.#listener;
    log.info('{name} on {address}', { name, address: String(port?.getHost()) });
  }
}
