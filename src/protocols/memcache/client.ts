/** A client of one or several memcache servers that stays connected. */
import { InvalidArgumentValueError } from '../../core/errors/arguments.js';
import type { StreamClientEndpoint } from '../../core/stream-endpoint.js';
import type { Deferred } from '../../defer/deferred.js';
import { maybeDeferred } from '../../defer/succeed.js';
import { CommandLink, LINK_OPTIONS, type LinkOptions } from '../../exchange/command-link.js';
import { checkCommandOptions } from '../../exchange/command-settings.js';
import {
  checkChoice,
  checkFunction,
  checkNumber,
  checkSecretString,
  checkString,
} from '../../internal/check.js';
import { checkClientEndpoint } from '../../internal/check-endpoint.js';
import { checkOptions, type OptionNames } from '../../internal/options.js';
import { gathered, MemcacheCommands, type MemcacheRoute } from './commands.js';
import type { MemcacheReply, MemcacheRequest } from './events.js';
import { HashRing } from './hash-ring.js';
import {
  type MemcacheCallOptions,
  MemcacheProtocol,
  type MemcacheProtocolOptions,
  MemcacheSettings,
  PROTOCOL_OPTIONS,
} from './protocol.js';
import { authenticationRequest, versionRequest } from './serializer.js';

/** One server of a client. */
export interface MemcacheServer {
  readonly endpoint: StreamClientEndpoint;
  /**
   * Its name in errors and figures, which also decides which keys belong to it. With the form `host:port`, keys are distributed as
   * by libmemcached. Different for each server; default: the text of the endpoint.
   */
  readonly name?: string;
  /** Its share of the keys, in relation to the other weights: greater than 0. Default 1. */
  readonly weight?: number;
}

/** User and password of memcached's option `--auth-file`. They are sent in clear: use TLS over a network. */
export interface MemcacheCredentials {
  readonly username: string;
  readonly password: string;
}

/**
 * The policy for commands whose server is away. `none`: they fail. `next`: they go to the server that follows on the ring; when
 * the first one returns, it may have old values, so use it only if an old value does no harm, or values expire soon.
 */
export type MemcacheFailover = 'none' | 'next';

export interface MemcacheClientOptions extends MemcacheProtocolOptions, LinkOptions {
  /** Default `none`. */
  readonly failover?: MemcacheFailover;
  readonly credentials?: MemcacheCredentials;
  /** Called for each failed attempt to connect. */
  readonly onFailure?: (error: Error, server: string) => void;
}

const OPTIONS: OptionNames<MemcacheClientOptions> = {
  ...PROTOCOL_OPTIONS,
  ...LINK_OPTIONS,
  failover: true,
  credentials: true,
  onFailure: true,
};
const SERVER: OptionNames<MemcacheServer> = { endpoint: true, name: true, weight: true };
const CREDENTIALS: OptionNames<MemcacheCredentials> = { username: true, password: true };
const FAILOVERS = ['none', 'next'] as const;

/**
 * A client of one or several memcache servers. Keys are distributed by consistent hashing (ketama). Each server has one
 * connection, made by a `ClientService`, on which any number of commands are in progress.
 *
 * While a connection is being made, commands wait for it, within their time limits. When an attempt has failed, the server is
 * away until the next one succeeds: `failover` is the policy for commands in this time. A command whose bytes were written
 * is never repeated: errors say in `mayHaveRun` whether it may have been executed.
 *
 * @example
 * const client = new MemcacheClient(clientFromString(reactor, 'tcp:127.0.0.1:11211'), { clock: reactor });
 * client.startService();
 * await client.set('greeting', 'hello', { expiresInSeconds: 60 });
 * const found = await client.get('greeting');
 * await client.stopService();
 */
export class MemcacheClient extends MemcacheCommands {
  readonly #servers: ServerRoute;

  /**
   * @param servers One endpoint, or one or more servers.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
   */
  constructor(
    servers: StreamClientEndpoint | readonly MemcacheServer[],
    options: MemcacheClientOptions,
  ) {
    const route = new ServerRoute(servers, options);
    super(route);
    this.#servers = route;
  }

  /** True from `startService` to `stopService`. */
  get running(): boolean {
    return this.#servers.running;
  }

  /** The servers: whether there is a connection, and how many commands have no answer. */
  get servers(): readonly MemcacheServerState[] {
    return this.#servers.states;
  }

  /** Begins to connect to all servers. Does nothing if the client runs. */
  startService(): void {
    this.#servers.start();
  }

  /**
   * Accepts no more commands, waits for the answers of those that were sent, within `timeoutMs`, and closes the connections.
   * Commands that wait for a connection fail with a MemcacheConnectionLostError.
   */
  stopService(): Deferred<void> {
    return this.#servers.stop();
  }
}

export interface MemcacheServerState {
  readonly name: string;
  readonly connected: boolean;
  readonly unanswered: number;
}

type Link = CommandLink<MemcacheRequest, MemcacheReply, MemcacheProtocol>;

/** Distributes commands to the servers. */
class ServerRoute implements MemcacheRoute {
  readonly #links: readonly [Link, ...Link[]];
  readonly #ring: HashRing;
  readonly #failover: MemcacheFailover;

  constructor(
    given: StreamClientEndpoint | readonly MemcacheServer[],
    options: MemcacheClientOptions,
  ) {
    checkOptions('MemcacheClient', options, OPTIONS);
    const servers = resolveServers(given);
    const { failover = 'none', onFailure } = options;
    this.#failover = checkChoice('failover', failover, FAILOVERS);
    if (onFailure !== undefined) checkFunction('onFailure', onFailure);
    const settings = new MemcacheSettings(options);
    const prepare = preparation(options.credentials);
    this.#ring = new HashRing(servers);
    const links = servers.map(({ endpoint, name }): Link => {
      return new CommandLink(endpoint, name, settings, options, {
        makeProtocol: () => new MemcacheProtocol(settings),
        prepare,
        failed: (error) => onFailure?.(error, name),
      });
    });
    this.#links = links as [Link, ...Link[]];
  }

  get running(): boolean {
    return this.#links[0].running;
  }

  get states(): readonly MemcacheServerState[] {
    return this.#links.map(({ name, connected, unanswered }) => ({ name, connected, unanswered }));
  }

  start(): void {
    for (const link of this.#links) link.start();
  }

  stop(): Deferred<void> {
    return gathered(this.#links.map((link) => link.stop())).addCallback(() => undefined);
  }

  execute(request: MemcacheRequest, options: MemcacheCallOptions): Deferred<MemcacheReply> {
    return this.#linkOf(request.hashed as string).perform(request, options);
  }

  executeOnAll(
    request: MemcacheRequest,
    options: MemcacheCallOptions,
  ): Deferred<ReadonlyMap<string, MemcacheReply>> {
    this.#links[0].expectRunning();
    const links = this.#links;
    checkCommandOptions('execute', options);
    // A server that cannot take the command does not keep the others from their answers.
    const answers = links.map((link) => maybeDeferred(() => link.perform(request, options)));
    return gathered(answers).addCallback(
      (replies) => new Map(replies.map((reply, i) => [(links[i] as Link).name, reply])),
    );
  }

  partition(keys: readonly string[]): Iterable<readonly string[]> {
    this.#links[0].expectRunning();
    if (this.#links.length === 1) return [keys];
    const groups = new Map<Link, string[]>();
    for (const key of keys) {
      const link = this.#linkOf(key);
      const group = groups.get(link);
      if (group === undefined) groups.set(link, [key]);
      else group.push(key);
    }
    return groups.values();
  }

  #linkOf(key: string | Uint8Array): Link {
    this.#links[0].expectRunning();
    const links = this.#links;
    const first = links[this.#ring.serverOf(key)] as Link;
    if (this.#failover === 'none' || !first.away) return first;
    for (const index of this.#ring.serversOf(key)) {
      const link = links[index] as Link;
      if (!link.away) return link;
    }
    return first;
  }
}

type ResolvedServer = Required<MemcacheServer>;

function resolveServers(
  given: StreamClientEndpoint | readonly MemcacheServer[],
): readonly ResolvedServer[] {
  const list = Array.isArray(given) ? given : [{ endpoint: given as StreamClientEndpoint }];
  const servers = list.map((server: MemcacheServer) => {
    checkOptions('servers', server, SERVER);
    const { endpoint, name = String(endpoint), weight = 1 } = server;
    checkClientEndpoint(endpoint);
    checkString('name', name);
    if (checkNumber('weight', weight, 0) === 0) {
      throw new InvalidArgumentValueError('weight', 'greater than 0', weight);
    }
    return { endpoint, name, weight };
  });
  if (servers.length === 0) throw new InvalidArgumentValueError('servers', 'one or more', 0);
  const names = new Set(servers.map(({ name }) => name));
  if (names.size === servers.length) return servers;
  throw new InvalidArgumentValueError('servers', 'servers with different names', [...names].join());
}

type Prepare = (protocol: MemcacheProtocol) => Deferred<unknown>;

/** The first command of each connection, which shows that the peer is a memcache server. */
function preparation(credentials: MemcacheCredentials | undefined): Prepare {
  if (credentials === undefined) return (protocol) => protocol.execute(versionRequest());
  checkOptions('credentials', credentials, CREDENTIALS);
  const username = checkSecretString('username', credentials.username);
  const password = checkSecretString('password', credentials.password);
  const request = authenticationRequest(username, password);
  return (protocol) => protocol.execute(request);
}
