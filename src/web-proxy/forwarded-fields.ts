/**
 * The fields that a proxy passes on: all but those of one connection (RFC 9110 section 7.6.1), of framing, and those that it makes itself.
 */

import { splitOutsideQuotes } from '../http/field-values.js';
import type { ReceivedSection } from '../http/received-head.js';
import { CONNECTION_FIELDS } from '../protocols/http/connection-fields.js';
import type { FieldFilter } from '../protocols/http/field-section.js';

/** Those of one connection, and of framing, which the serializer makes anew. */
const HOP_BY_HOP: readonly string[] = [...CONNECTION_FIELDS, 'content-length'];

/** Those that requests have only once in any case, and `Proxy`, which CGI turns into HTTP_PROXY (httpoxy, CVE-2016-5385). */
const OF_REQUESTS: readonly string[] = [
  'expect',
  'host',
  'max-forwards',
  'proxy',
  'proxy-authorization',
  'via',
];

/** Credentials and facts about the content, which RFC 9110 section 6.5.1 forbids behind it. */
const OF_HEADS: readonly string[] = [
  'authorization',
  'content-encoding',
  'content-range',
  'content-type',
  'cookie',
  'trailer',
];

const OF_RESPONSES: readonly string[] = ['via'];

/** Names of the client and of the request as a previous proxy says they were. */
const CLAIMS: readonly string[] = ['forwarded', 'x-real-ip', 'x-client-ip', 'true-client-ip'];
const CLAIM_PREFIX = 'x-forwarded-';

const X = 'x'.charCodeAt(0);
/** Longer names than this are looked at in any case. */
const MAX_NAME_LENGTH = 63;

/** Drops fields by name. */
export class NameFilter implements FieldFilter {
  /** By length and the low bits of the first octet, which are the same in both cases. */
  readonly #table = new Uint8Array((MAX_NAME_LENGTH + 1) * 32);
  readonly #names: ReadonlySet<string>;
  readonly #dropsClaims: boolean;

  /**
   * @param names In lower case.
   * @param dropsClaims Whether Forwarded and similar fields are dropped. Underscores count as hyphens in them: many servers do not tell
   * these apart (`X_Forwarded_For`).
   */
  constructor(names: readonly string[], dropsClaims = false) {
    this.#names = new Set(names);
    this.#dropsClaims = dropsClaims;
    for (const name of names) this.#add(name.length, name.charCodeAt(0));
    if (!dropsClaims) return;
    for (const name of CLAIMS) this.#add(name.length, name.charCodeAt(0));
    for (let length = CLAIM_PREFIX.length; length <= MAX_NAME_LENGTH; length++)
      this.#add(length, X);
  }

  get names(): ReadonlySet<string> {
    return this.#names;
  }

  get dropsClaims(): boolean {
    return this.#dropsClaims;
  }

  mayDrop(nameLength: number, firstOctet: number): boolean {
    if (nameLength > MAX_NAME_LENGTH) return true;
    return this.#table[nameLength * 32 + (firstOctet & 31)] === 1;
  }

  drops(lower: string): boolean {
    if (this.#names.has(lower)) return true;
    if (!this.#dropsClaims) return false;
    const name = lower.replaceAll('_', '-');
    return name.startsWith(CLAIM_PREFIX) || CLAIMS.includes(name);
  }

  #add(length: number, octet: number): void {
    this.#table[length * 32 + (octet & 31)] = 1;
  }
}

/** Requests of clients that may not say who they forward for. */
export const FROM_CLIENTS: NameFilter = new NameFilter([...HOP_BY_HOP, ...OF_REQUESTS], true);
/** Requests of trusted peers, or if the proxy adds no such fields: Forwarded and similar fields are kept. */
export const FROM_PEERS: NameFilter = new NameFilter([...HOP_BY_HOP, ...OF_REQUESTS]);
/** Requests of trusted peers whose Forwarded and X-Forwarded-For are continued. */
export const CONTINUED: NameFilter = new NameFilter([
  ...HOP_BY_HOP,
  ...OF_REQUESTS,
  'forwarded',
  'x-forwarded-for',
]);
export const OF_SERVERS: NameFilter = new NameFilter([...HOP_BY_HOP, ...OF_RESPONSES]);
export const INFORMATIONAL: NameFilter = new NameFilter([...HOP_BY_HOP, 'trailer']);

/** The trailer fields of requests: servers that add them to the head must not find there what the proxy has removed from it. */
export const REQUEST_TRAILERS: NameFilter = new NameFilter(
  [...HOP_BY_HOP, ...OF_REQUESTS, ...OF_HEADS],
  true,
);

/** The trailer fields of responses: the parser has refused those of framing and routing. */
export const TRAILERS: NameFilter = new NameFilter([
  'set-cookie',
  'keep-alive',
  'proxy-connection',
]);

/** The field lines to pass on: those that the filter drops, and those that Connection names, are left out. */
export function passedOn(section: ReceivedSection, filter: NameFilter): string {
  const connection = section.field('connection');
  if (connection === undefined || isCommon(connection)) return section.linesWithout(filter);
  const named = splitOutsideQuotes(connection.toLowerCase(), ',');
  return section.linesWithout(new NameFilter([...filter.names, ...named], filter.dropsClaims));
}

function isCommon(connection: string): boolean {
  const lower = connection.toLowerCase();
  return lower === 'keep-alive' || lower === 'close' || lower === 'upgrade';
}
