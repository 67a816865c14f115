/** Names of servers: as clients verify them, and as servers choose contexts by them. */
import { isIP } from 'node:net';

import { InvalidArgumentValueError } from '../core/errors/arguments.js';
import { InvalidHostNameError } from '../core/errors/names.js';
import { checkString } from '../internal/check.js';
import { canonicalHostName } from '../resolver/host-name.js';

/**
 * The name or IP address that a certificate must have: lower case, international names by their A-label, without a final dot or a
 * scope. A wildcard is no name of a server.
 * @throws InvalidHostNameError, InvalidArgumentTypeError
 */
export function peerName(hostname: string): string {
  checkString('hostname', hostname);
  const [address = ''] = hostname.split('%');
  if (isIP(address) !== 0) return address;
  if (hostname.includes('*')) {
    const what =
      'a wildcard is a name in certificates. The host is one name, such as www.example.com';
    throw new InvalidHostNameError(what, hostname);
  }
  return canonicalHostName(hostname).replace(/\.$/, '');
}

/** RFC 6066 section 3; underscores and a final dot occur, too. */
const SERVER_NAME = /^[a-z0-9_-]+(?:\.[a-z0-9_-]+)*\.?$/;

/** Whether a client may ask for it: anything else could surprise callbacks that take it for part of a path or of a query. */
export function isServerName(name: string): boolean {
  return name.length <= 255 && SERVER_NAME.test(name);
}

/** Values by exact name, and by wildcard names such as `*.example.com`, which match one label (RFC 9525 section 6.3). */
export class ServerNames<Value> {
  readonly #exact = new Map<string, Value>();
  /** By the name behind `*.`. */
  readonly #wildcards = new Map<string, Value>();

  /** @throws InvalidHostNameError, InvalidArgumentValueError */
  constructor(entries: Iterable<readonly [name: string, value: Value]>) {
    for (const [name, value] of entries) {
      const wildcard = name.startsWith('*.');
      const plain = wildcard ? name.slice(2) : name;
      if (plain.includes('*')) {
        const expected = 'names such as example.com or *.example.com';
        throw new InvalidArgumentValueError('serverNames', expected, name);
      }
      if (isIP(plain) !== 0) {
        const hint = 'clients do not ask for addresses, which are names in certificates';
        throw new InvalidArgumentValueError('serverNames', 'names, no addresses', name, hint);
      }
      const names = wildcard ? this.#wildcards : this.#exact;
      const host = peerName(plain);
      if (names.has(host)) {
        throw new InvalidArgumentValueError('serverNames', 'names that differ', name);
      }
      names.set(host, value);
    }
  }

  get size(): number {
    return this.#exact.size + this.#wildcards.size;
  }

  /** @param name In lower case. */
  find(name: string): Value | undefined {
    const host = name.replace(/\.$/, '');
    const exact = this.#exact.get(host);
    const dot = host.indexOf('.');
    return exact !== undefined || dot < 1 ? exact : this.#wildcards.get(host.slice(dot + 1));
  }

  values(): Value[] {
    return [...this.#exact.values(), ...this.#wildcards.values()];
  }
}
