/** From a request to a checked address, and from there to a connection. */
import { isIP } from 'node:net';
import type { Clock } from '../../core/clock.js';
import { ConnectError, ConnectingCancelledError } from '../../core/errors/connecting.js';
import { NameResolutionError } from '../../core/errors/names.js';
import type { ReactorNames } from '../../core/reactor-names.js';
import type { ReactorTCP } from '../../core/reactor-tcp.js';
import type { ReactorUDP } from '../../core/reactor-udp.js';
import { Deferred } from '../../defer/deferred.js';
import { CancelledError, TimeoutError } from '../../defer/errors.js';
import { isThenable } from '../../defer/thenable.js';
import { HostnameEndpoint } from '../../endpoints/tcp.js';
import type { OutboundEnd } from '../../policies/relay.js';
import type { SocksAccessRules } from './access-rules.js';
import type { SocksReply, SocksRequest } from './events.js';

/** The facets of a reactor that a proxy uses. */
export type SocksReactor = Clock & ReactorTCP & ReactorUDP & ReactorNames;

/** A request, and the name that its client has proved with a password. */
export interface SocksAccess {
  readonly request: SocksRequest;
  readonly username: string | undefined;
}

/** Decides about a request and the IP address that the proxy would use for it. */
export type SocksPermit = (access: SocksAccess, address: string) => boolean | PromiseLike<boolean>;

/** More addresses of a name are not tried. */
const MAX_ADDRESSES = 8;

/** The request fails with this answer. */
export class Refusal {
  readonly reply: SocksReply;
  readonly why: string;

  constructor(reply: SocksReply, why: string) {
    this.reply = reply;
    this.why = why;
  }
}

export interface DestinationSettings {
  readonly reactor: SocksReactor;
  readonly rules: SocksAccessRules;
  readonly permit: SocksPermit | undefined;
  /** To resolve a name, again for each decision of `permit`, and again to connect. */
  readonly connectTimeoutMs: number;
}

/** Runs a cancellable step; the returned promise settles as the Deferred does. */
export type Step = <T>(deferred: Deferred<T>) => PromiseLike<T>;

/** The addresses of a host that may be used. @throws Refusal */
export async function permittedAddresses(
  settings: DestinationSettings,
  access: SocksAccess,
  host: string,
  step: Step,
): Promise<string[]> {
  const found = isIP(host) === 0 ? await resolved(settings, host, step) : [host];
  const permitted: string[] = [];
  for (const address of found.slice(0, MAX_ADDRESSES)) {
    if (!settings.rules.permits(address)) continue;
    if (await isPermitted(settings, access, address, step)) permitted.push(address);
  }
  if (permitted.length === 0) throw new Refusal('not allowed', 'the address is not allowed');
  return permitted;
}

/** @throws Refusal */
async function resolved(
  { reactor, connectTimeoutMs }: DestinationSettings,
  host: string,
  step: Step,
): Promise<string[]> {
  const options = { timeoutMs: connectTimeoutMs };
  try {
    const found = await step(reactor.nameResolver.resolveHostName(host, options));
    return found.map(({ address }) => address);
  } catch (error) {
    if (error instanceof CancelledError) throw cancelled();
    if (!(error instanceof NameResolutionError)) throw error;
    throw new Refusal('host unreachable', 'the name was not resolved');
  }
}

/** Whether the application's `permit` allows an address; true without one. @throws Refusal */
export async function isPermitted(
  { reactor, permit, connectTimeoutMs }: DestinationSettings,
  access: SocksAccess,
  address: string,
  step: Step,
): Promise<boolean> {
  const answer = permit?.(access, address) ?? permit === undefined;
  if (!isThenable(answer)) return answer === true;
  try {
    return (
      (await step(Deferred.fromPromise(answer).addTimeout(connectTimeoutMs, reactor))) === true
    );
  } catch (error) {
    if (error instanceof CancelledError) throw cancelled();
    if (!(error instanceof TimeoutError)) throw error;
    throw new Refusal('general failure', '`permit` did not decide in time');
  }
}

/** A destination whose addresses were checked. */
export interface CheckedDestination {
  readonly host: string;
  readonly port: number;
  readonly addresses: readonly string[];
}

/**
 * Connects to the address that answers first: to exactly these, which race (RFC 8305), without asking for the name again.
 * @throws Refusal
 */
export async function connectToChecked(
  { reactor, connectTimeoutMs }: DestinationSettings,
  { host, port, addresses }: CheckedDestination,
  makeEnd: () => OutboundEnd,
  step: Step,
): Promise<void> {
  const options = { addresses, timeoutMs: connectTimeoutMs };
  try {
    await step(new HostnameEndpoint(reactor, host, port, options).connect(makeEnd));
  } catch (error) {
    if (error instanceof ConnectingCancelledError) throw cancelled();
    if (!(error instanceof ConnectError)) throw error;
    throw new Refusal(replyFor(error), 'the connection was not made');
  }
}

/** The client has left, or the reactor stops. */
function cancelled(): Refusal {
  return new Refusal('general failure', 'the request was cancelled');
}

/** By the last failure of several: those before it may be of a family that the proxy's network lacks. */
function replyFor(error: ConnectError): SocksReply {
  const { code, cause } = error.errors.at(-1) ?? error;
  if (code === 'ERR_CONNECTION_REFUSED') return 'connection refused';
  if (code !== 'ERR_NO_ROUTE') return 'host unreachable';
  const { code: system } = (cause ?? {}) as { code?: unknown };
  return system === 'ENETUNREACH' ? 'network unreachable' : 'host unreachable';
}
