/** The program of `ropewalk socks`. */
import { serviceFromString } from '../application/endpoint-service.js';
import { MultiService } from '../application/multi-service.js';
import { Service } from '../application/service.js';
import { type Address, IPv4Address, IPv6Address } from '../core/address.js';
import type { Reactor } from '../core/reactor.js';
import { Logger } from '../logger/logger.js';
import { SocksAccessRules } from '../protocols/socks/access-rules.js';
import type { SocksCommand } from '../protocols/socks/events.js';
import { SocksServerFactory } from '../protocols/socks/server.js';
import { fromArguments } from './built-in.js';
import { SOCKS } from './built-ins.js';
import { MIN_SECONDS, milliseconds, wholeNumber } from './flag-values.js';
import { choice } from './reactor-choice.js';
import { socksUsers } from './socks-users.js';
import { UsageError } from './usage-error.js';

const COMMANDS: readonly [SocksCommand, ...SocksCommand[]] = ['connect', 'bind', 'associate'];
const MAX_CONNECTIONS = 1_000_000;
const log = new Logger({ namespace: 'socks' });

export default function (reactor: Reactor, args: readonly string[]): Service {
  return fromArguments(SOCKS, args, ({ values, listen }) => {
    const { allow = [], auth = [], deny = [] } = values;
    checkNetworks('allow', allow);
    checkNetworks('deny', deny);
    const idleTimeoutMs = milliseconds('idle', values.idle, undefined, MIN_SECONDS);
    const maxConnections = wholeNumber(
      'max-connections',
      values['max-connections'],
      undefined,
      MAX_CONNECTIONS,
      1,
    );
    const authenticate = socksUsers(reactor, auth);
    const factory = new SocksServerFactory(reactor, {
      allow,
      deny,
      commands: commandsIn(values.commands ?? 'connect'),
      ...(authenticate !== undefined && { authenticate }),
      ...(idleTimeoutMs !== undefined && { idleTimeoutMs }),
      ...(maxConnections !== undefined && { maxConnections }),
      onServed: ({ request, username }, peer) => {
        const { command, host, port } = request;
        const user = username === undefined ? '' : `${username}@`;
        log.info('{user}{peer}: {command} {host} {port}', { user, peer, command, host, port });
      },
      onRefused: (reason, peer) => {
        log.info('refused {peer}: {reason}', { peer, reason: reason.message });
      },
    });
    const proxy = serviceFromString(reactor, listen, factory, { name: 'proxy' });
    const service = new MultiService('socks');
    service.addService(proxy);
    if (authenticate === undefined) {
      service.addService(new OpenProxyWarning(() => proxy.getHost()));
    }
    return service;
  });
}

/** Warns if other machines can use a proxy without authentication. */
class OpenProxyWarning extends Service {
  readonly #address: () => Address | undefined;

  constructor(address: () => Address | undefined) {
    super();
    this.#address = address;
  }

  protected override start(): void {
    const address = this.#address();
    if (!(address instanceof IPv4Address || address instanceof IPv6Address)) return;
    if (address.host === '::1' || address.host.startsWith('127.')) return;
    log.warn('everyone who reaches {address} can use this proxy: --auth requires passwords', {
      address: String(address),
    });
  }
}

/** @throws UsageError */
function checkNetworks(flag: 'allow' | 'deny', networks: readonly string[]): void {
  for (const network of networks) {
    try {
      new SocksAccessRules({ [flag]: [network] });
    } catch {
      throw new UsageError(
        `--${flag} takes an IP address, or a network such as 10.1.0.0/16, not "${network}"`,
      );
    }
  }
}

/** @throws UsageError */
function commandsIn(list: string): SocksCommand[] {
  return list.split(',').map((text) => choice('each of --commands', text, COMMANDS));
}
