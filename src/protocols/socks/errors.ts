/** Errors of SOCKS clients and proxies. */
import type { HostPort } from '../../core/address.js';
import { LocalProtocolError, RemoteProtocolError } from '../../core/errors/base.js';
import { ConnectError } from '../../core/errors/connecting.js';
import type { SocksCommand, SocksReply } from './events.js';

/** The peer sent bytes that SOCKS does not allow there. */
export class InvalidSocksMessageError extends RemoteProtocolError {
  override readonly name = 'InvalidSocksMessageError';
  override readonly code = 'ERR_INVALID_SOCKS_MESSAGE';
  /** The answer that a proxy gives before it closes the connection, if there is one. */
  readonly reply: SocksReply | undefined;

  constructor(problem: string, reply?: SocksReply) {
    super(`invalid SOCKS message: ${problem}`);
    this.reply = reply;
  }
}

/** A method of a SOCKS connection was called in a state that does not allow it. */
export class SocksSequenceError extends LocalProtocolError {
  override readonly name = 'SocksSequenceError';
  override readonly code = 'ERR_SOCKS_SEQUENCE';
}

/** A proxy's client was refused or did not finish its request: the reason that `onRefused` receives. */
export class SocksRefusedError extends RemoteProtocolError {
  override readonly name = 'SocksRefusedError';
  override readonly code = 'ERR_SOCKS_REFUSED';
  /** Undefined if the client did not get as far as a request. */
  readonly command: SocksCommand | undefined;
  /** The requested host and port. */
  readonly host: string | undefined;
  readonly port: number | undefined;

  constructor(why: string, request?: HostPort & { readonly command: SocksCommand }) {
    super(
      request === undefined ? why : `${why}: ${request.command} ${request.host} ${request.port}`,
    );
    this.command = request?.command;
    this.host = request?.host;
    this.port = request?.port;
  }
}

/** The proxy did not make the requested connection. */
export class SocksConnectError extends ConnectError {
  override readonly name = 'SocksConnectError';
  override readonly code = 'ERR_SOCKS_CONNECT';
  readonly reply: SocksReply;

  constructor(reply: SocksReply, destination: HostPort) {
    super(`the SOCKS proxy answered "${reply}"`, destination);
    this.reply = reply;
  }
}

/** The proxy wants another kind of authentication, or does not accept the user name and password. */
export class SocksAuthenticationError extends ConnectError {
  override readonly name = 'SocksAuthenticationError';
  override readonly code = 'ERR_SOCKS_AUTHENTICATION';
  /** `methods`: the proxy accepts none of the offered methods. `password`: it refused the user name and password. */
  readonly by: 'methods' | 'password';

  constructor(by: 'methods' | 'password', destination: HostPort) {
    const what =
      by === 'methods'
        ? 'accepts none of the offered kinds of authentication'
        : 'refused the user name and password';
    super(`the SOCKS proxy ${what}`, destination);
    this.by = by;
  }
}
