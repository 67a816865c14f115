/** The messages of SOCKS 4, 4a and 5, as values. */
import type { HostPort } from '../../core/address.js';

export type SocksVersion = 4 | 5;

/** `associate`, which relays datagrams, exists in version 5 only. */
export type SocksCommand = 'connect' | 'bind' | 'associate';

/** A client's request. */
export interface SocksRequest extends HostPort {
  readonly version: SocksVersion;
  readonly command: SocksCommand;
  /** An IP address, or a name that the proxy resolves. `bind`: the expected peer. `associate`: where the client sends from. */
  readonly host: string;
  readonly port: number;
  /** The user name of version 4, which nothing proves; undefined in version 5. */
  readonly userId: string | undefined;
}

/** The answers of a proxy (RFC 1928 section 6). Version 4 can only express the first, and distinguishes no failures. */
export type SocksReply =
  | 'succeeded'
  | 'general failure'
  | 'not allowed'
  | 'network unreachable'
  | 'host unreachable'
  | 'connection refused'
  | 'TTL expired'
  | 'command not supported'
  | 'address type not supported';

/** The answers in the order of their codes. */
export const REPLIES: readonly SocksReply[] = [
  'succeeded',
  'general failure',
  'not allowed',
  'network unreachable',
  'host unreachable',
  'connection refused',
  'TTL expired',
  'command not supported',
  'address type not supported',
];

/** Authentication methods of version 5 (RFC 1928 section 3). */
export const NO_AUTHENTICATION = 0x00;
export const USERNAME_PASSWORD = 0x02;
export const NO_ACCEPTABLE_METHOD = 0xff;

/** Messages that a proxy reads from a client. */
export type SocksServerEvent =
  /** Version 5: the methods that the client offers. Answer with `selectMethod`. */
  | { readonly type: 'greeting'; readonly methods: readonly number[] }
  /** Version 5, after the method username and password (RFC 1929). Answer with `authenticated`. */
  | { readonly type: 'credentials'; readonly username: string; readonly password: string }
  /** Answer with `reply`. */
  | { readonly type: 'request'; readonly request: SocksRequest };

/** Results of the messages that a client reads from a proxy. */
export type SocksClientEvent =
  /** Send these bytes. */
  | { readonly type: 'send'; readonly bytes: Buffer }
  /** The proxy accepts none of the offered methods, or not the password. */
  | { readonly type: 'denied'; readonly by: 'methods' | 'password' }
  /** The answer to the request. `bind` has a second one, when the peer has connected. */
  | { readonly type: 'reply'; readonly reply: SocksReply; readonly bound: HostPort };
