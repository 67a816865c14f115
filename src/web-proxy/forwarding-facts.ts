/** Via, Forwarded (RFC 7239) and X-Forwarded-*: how a proxy tells who it forwards for. */
import { BlockList } from 'node:net';
import type { Address } from '../core/address.js';
import { InvalidArgumentTypeError, InvalidArgumentValueError } from '../core/errors/arguments.js';
import type { HTTPRequest } from '../http/http-request.js';
import type { ReceivedSection } from '../http/received-head.js';
import { checkChoice } from '../internal/check.js';
import { addNetwork } from '../internal/ip-networks.js';
import { isToken } from '../protocols/http/octets.js';
import {
  CONTINUED,
  FROM_CLIENTS,
  FROM_PEERS,
  type NameFilter,
  passedOn,
} from './forwarded-fields.js';
import type { ProxySettings } from './proxy-options.js';

/** The fields that name the client: `x-forwarded` means X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host. */
export type ForwardedFields = 'x-forwarded' | 'forwarded' | 'both' | 'none';

const FIELDS: readonly ForwardedFields[] = ['x-forwarded', 'forwarded', 'both', 'none'];

const EXPECTED = 'an IP address or a network such as 10.0.0.0/8, or unix';

/** How one proxy writes these fields. */
export class ForwardingFacts {
  readonly #fields: ForwardedFields;
  readonly #via: string | undefined;
  readonly #maxPasses: number;
  readonly #trusted: BlockList = new BlockList();
  #trustsUNIX = false;
  #trustsAny = false;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError */
  constructor(
    fields: ForwardedFields,
    trustedPeers: readonly string[],
    { via, maxPasses }: Pick<ProxySettings, 'via' | 'maxPasses'>,
  ) {
    this.#fields = checkChoice('forwarded', fields, FIELDS);
    if (via !== undefined && !isToken(via)) {
      throw new InvalidArgumentValueError('via', 'a token such as "proxy-1", or null', via);
    }
    this.#via = via;
    this.#maxPasses = maxPasses;
    if (!Array.isArray(trustedPeers)) {
      throw new InvalidArgumentTypeError('trustedPeers', 'an array', trustedPeers);
    }
    for (const peer of trustedPeers) this.#trust(peer);
  }

  /** The lines of a request to a server: those of the client that are passed on, and the proxy's own. */
  linesFor(request: HTTPRequest, host: string): string {
    const { head } = request;
    const fields = this.#fields;
    const trusts = this.#trustsAny && this.#trusts(request.remoteAddress);
    if (fields === 'none')
      return passedOn(head, trusts ? FROM_PEERS : FROM_CLIENTS) + this.viaLine(head);
    const filter: NameFilter = trusts ? CONTINUED : FROM_CLIENTS;
    let lines = passedOn(head, filter) + this.viaLine(head);
    const client = hostOf(request.remoteAddress);
    const scheme = request.secure ? 'https' : 'http';
    if (fields !== 'forwarded') {
      const before = trusts ? head.field('x-forwarded-for') : undefined;
      lines += `X-Forwarded-For: ${before === undefined ? client : `${before}, ${client}`}\r\n`;
      if (!trusts || !head.has('x-forwarded-proto')) lines += `X-Forwarded-Proto: ${scheme}\r\n`;
      if (!trusts || !head.has('x-forwarded-host')) lines += `X-Forwarded-Host: ${host}\r\n`;
    }
    if (fields !== 'x-forwarded') {
      const before = trusts ? head.field('forwarded') : undefined;
      const element = `for=${nodeOf(client)};host=${quoted(host)};proto=${scheme}`;
      lines += `Forwarded: ${before === undefined ? element : `${before}, ${element}`}\r\n`;
    }
    return lines;
  }

  /** Whether the request has passed proxies of this name as often as it may. */
  isLoop(head: ReceivedSection): boolean {
    const before = head.field('via');
    if (before === undefined || this.#via === undefined) return false;
    let passes = 0;
    // Not outside of quotes: an open one of the client would hide all that follows.
    for (const element of before.split(',')) {
      const [, name] = element.trim().split(/[ \t]+/, 2);
      if (name === this.#via) passes += 1;
    }
    return passes >= this.#maxPasses;
  }

  /** The Via line (RFC 9110 section 7.6.3), which continues that of the message. */
  viaLine(head: ReceivedSection & { readonly version: string }): string {
    if (this.#via === undefined) {
      const kept = head.field('via');
      return kept === undefined ? '' : `Via: ${kept}\r\n`;
    }
    const before = head.field('via');
    const own = `${head.version} ${this.#via}`;
    return `Via: ${before === undefined ? own : `${before}, ${own}`}\r\n`;
  }

  #trusts(peer: Address): boolean {
    if (peer.type === 'UNIX' || peer.type === 'PIPE') return this.#trustsUNIX;
    // BlockList compares IPv4-mapped IPv6 addresses as IPv4.
    const host = hostOf(peer);
    return this.#trusted.check(host, host.includes(':') ? 'ipv6' : 'ipv4');
  }

  #trust(peer: unknown): void {
    this.#trustsAny = true;
    if (peer === 'unix') this.#trustsUNIX = true;
    else addNetwork(this.#trusted, peer, 'an element of trustedPeers', EXPECTED);
  }
}

/** The client in X-Forwarded-For: an IP address without a scope. */
function hostOf(address: Address): string {
  if (address.type === 'UNIX' || address.type === 'PIPE') return 'unknown';
  const { host } = address;
  const percent = host.indexOf('%');
  return percent === -1 ? host : host.slice(0, percent);
}

/** RFC 7239 section 6: IPv6 addresses are quoted, in brackets. */
function nodeOf(host: string): string {
  return host.includes(':') ? `"[${host}]"` : host;
}

/** A host with an optional port, which are octets of neither quotes nor backslashes. */
function quoted(host: string): string {
  return isToken(host) ? host : `"${host}"`;
}
