/** The servers behind a reverse proxy, and what is known of their health. */
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { StreamClientEndpoint } from '../core/stream-endpoint.js';
import type { HTTPOrigin } from '../http/client/connection-source.js';
import { checkInteger, checkPlainObject, checkString } from '../internal/check.js';
import { checkClientEndpoint } from '../internal/check-endpoint.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
import { isAuthority } from '../protocols/http/authority.js';

export interface BackendOptions {
  /** Where it is. */
  readonly endpoint: StreamClientEndpoint;
  /** In logs and counts. Default: the text of the endpoint, or its place in the list. */
  readonly name?: string;
  /** The value of Host if the proxy does not preserve that of the client, and of health checks. Default: `localhost`. */
  readonly authority?: string;
  /** Its share of the requests compared with others: 1 to 1,000. Default 1. */
  readonly weight?: number;
}

const OPTIONS: OptionNames<BackendOptions> = {
  endpoint: true,
  name: true,
  authority: true,
  weight: true,
};

/** The state of a backend. */
export interface BackendStatus {
  readonly name: string;
  /** `down`: health checks fail. `resting`: requests have failed; it is tried again later. */
  readonly state: 'up' | 'down' | 'resting';
  /** Requests in progress, tunnels included. */
  readonly active: number;
  /** Requests that were sent to it, retries included. */
  readonly requests: number;
  /** Requests that failed because of it. */
  readonly failures: number;
}

export class Backend implements HTTPOrigin {
  readonly endpoint: StreamClientEndpoint;
  readonly authority: string;
  readonly name: string;
  readonly weight: number;
  active = 0;
  requests = 0;
  failures = 0;
  /** What health checks have found. */
  isDown = false;
  /** Failures without a success in between. */
  failuresInARow = 0;
  /** Until this time of the clock it gets no requests while others can. */
  restsUntil = 0;
  /** The state of weighted round robin. */
  credit = 0;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: BackendOptions, index: number) {
    if (typeof options === 'string') {
      const hint = "clientFromString(reactor, 'tcp:HOST:PORT') makes an endpoint of a string";
      throw new InvalidArgumentTypeError('a backend', '{ endpoint, ... }', options, hint);
    }
    checkPlainObject('a backend', options);
    checkOptions('the backend', options, OPTIONS);
    const { endpoint, authority = 'localhost', weight = 1 } = options;
    checkClientEndpoint(endpoint);
    this.endpoint = endpoint;
    this.authority = checkAuthority(authority);
    this.weight = checkInteger('weight', weight, 1, 1_000);
    this.name = checkString('name', options.name ?? nameOf(endpoint, index));
  }

  status(now: number): BackendStatus {
    const { name, active, requests, failures } = this;
    const rests = this.restsUntil > now;
    const state = this.isDown ? 'down' : rests ? 'resting' : 'up';
    return { name, state, active, requests, failures };
  }

  succeeded(): void {
    this.failuresInARow = 0;
    this.restsUntil = 0;
  }

  /** @param maxFailures From this number of failures in a row on, it rests. */
  failed(now: number, maxFailures: number, restMs: number): void {
    this.failures += 1;
    this.failuresInARow += 1;
    if (this.failuresInARow >= maxFailures) this.restsUntil = now + restMs;
  }
}

function nameOf(endpoint: StreamClientEndpoint, index: number): string {
  const text = String(endpoint);
  return text.startsWith('[object') ? `backend ${index + 1}` : text;
}

function checkAuthority(authority: unknown): string {
  const bytes = Buffer.from(checkString('authority', authority));
  if (bytes.length > 0 && isAuthority(bytes, 0, bytes.length)) return authority as string;
  const expected = 'a host with an optional port, such as 127.0.0.1:8081';
  throw new InvalidArgumentValueError('authority', expected, authority);
}
