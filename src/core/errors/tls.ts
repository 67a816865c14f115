/** Errors of TLS: of contexts, of handshakes, of certificates, and of the end of a connection. */
import { LocalProtocolError, RemoteProtocolError, RopewalkError } from './base.js';
import { ConnectionLost } from './connection.js';

/** A context cannot be made, or cannot be used like this: a key that does not match, no PEM, a missing host name. */
export class TLSContextError extends RopewalkError {
  override readonly name = 'TLSContextError';
  override readonly code = 'ERR_TLS_CONTEXT';
}

/** The native engine was requested and is not available; `reason` says why. */
export class NativeTLSUnavailableError extends RopewalkError {
  override readonly name = 'NativeTLSUnavailableError';
  override readonly code = 'ERR_NATIVE_TLS_UNAVAILABLE';
  readonly reason: string;

  constructor(reason: string) {
    super(`the native TLS engine is not available: ${reason}. Use engine: 'auto' or 'node'`);
    this.reason = reason;
  }
}

/** A function needs packages that are not installed: the message has the command that installs them. */
export class MissingPackageError extends RopewalkError {
  override readonly name = 'MissingPackageError';
  override readonly code = 'ERR_MISSING_PACKAGE';
  readonly packages: readonly string[];

  constructor(user: string, packages: readonly string[], options?: ErrorOptions) {
    const [some, them] = packages.length === 1 ? ['a package', 'it'] : ['packages', 'them'];
    const verb = packages.length === 1 ? 'is' : 'are';
    super(
      `${user} needs ${some} that ${verb} not installed. Install ${them}: npm install ${packages.join(' ')}`,
      options,
    );
    this.packages = packages;
  }
}

/** A transport was used that `startTLS` has replaced: what it sends would not be encrypted. Nothing was sent. */
export class TransportUpgradedError extends LocalProtocolError {
  override readonly name = 'TransportUpgradedError';
  override readonly code = 'ERR_TRANSPORT_UPGRADED';
  /** The method that was called. */
  readonly method: string;

  constructor(method: string) {
    super(
      `transport.${method}: startTLS has replaced this transport. Use the one that it returned, which is also the protocol's transport`,
    );
    this.method = method;
  }
}

/**
 * Bytes in clear arrived before `startTLS` was called and were not processed. An attacker on the path may have inserted them, so
 * that they are taken for encrypted ones.
 */
export class PlaintextBeforeTLSError extends RemoteProtocolError {
  override readonly name = 'PlaintextBeforeTLSError';
  override readonly code = 'ERR_PLAINTEXT_BEFORE_TLS';
  /** The number of these bytes, as far as they are known. */
  readonly bytes: number;

  constructor(bytes: number) {
    super(`${bytes} bytes in clear arrived before TLS was started and were not processed`);
    this.bytes = bytes;
  }
}

/** The facts of a failed handshake or record. */
export interface TLSFaultDetails {
  /** OpenSSL's reason, in its spelling, such as `WRONG_VERSION_NUMBER`. */
  readonly reason: string;
  /** The alert (RFC 8446 section 6) that ended the connection; undefined if there was none. */
  readonly alert?: number | undefined;
  /** Whether the peer sent the alert; otherwise this side did. */
  readonly alertReceived?: boolean | undefined;
}

/** The peer violated TLS, refused the handshake with an alert, or has no version, cipher or protocol in common with this side. */
export class TLSHandshakeError extends RemoteProtocolError {
  override readonly name = 'TLSHandshakeError';
  override readonly code = 'ERR_TLS_HANDSHAKE';
  /** OpenSSL's reason, in its spelling, such as `WRONG_VERSION_NUMBER`. The same for both engines. */
  readonly reason: string;
  /** The alert (RFC 8446 section 6) that ended the connection; undefined if there was none. */
  readonly alert: number | undefined;
  /** Whether the peer sent the alert; otherwise this side did. */
  readonly alertReceived: boolean;

  constructor(message: string, details: TLSFaultDetails, options?: ErrorOptions) {
    super(message, options);
    this.reason = details.reason;
    this.alert = details.alert;
    this.alertReceived = details.alertReceived === true;
  }
}

/** The fault of a certificate. */
export type TLSCertificateFault =
  | 'expired'
  | 'not-yet-valid'
  | 'wrong-name'
  | 'unknown-root'
  | 'self-signed'
  | 'revoked'
  | 'weak'
  | 'wrong-use'
  | 'pin'
  | 'missing'
  | 'refused'
  | 'invalid';

const CERTIFICATE_ADVICE: Readonly<Partial<Record<TLSCertificateFault, string>>> = {
  expired: 'The peer must renew it, if the clock here is right',
  'not-yet-valid': 'Check the clocks of both machines',
  'wrong-name': 'Check the host, or set hostname to a name in the certificate',
  'unknown-root':
    'Add its root to trustRoots, and check that the peer sends the intermediate certificates',
  'self-signed': 'If it is the right one, add it to trustRoots',
  'wrong-use':
    'The peer needs a certificate for its role (extendedKeyUsage), issued by an authority',
  pin: 'Check for an attack, then pinnedKeys',
  missing: 'The client must set identity',
};

export interface TLSCertificateDetails {
  readonly reason: TLSCertificateFault;
  /** OpenSSL's text or the fault of the name. */
  readonly detail: string;
  readonly subject?: string | undefined;
  readonly depth?: number | undefined;
  readonly hostname?: string | undefined;
  readonly names?: readonly string[] | undefined;
}

/** The peer's certificate was refused. */
export class TLSCertificateError extends RemoteProtocolError {
  override readonly name = 'TLSCertificateError';
  override readonly code = 'ERR_TLS_CERTIFICATE';
  readonly reason: TLSCertificateFault;
  /** The subject of the certificate at fault, as `CN=...` and other attributes; undefined if there is none. */
  readonly subject: string | undefined;
  /** The position of the certificate at fault in the chain; 0 is the peer's own. Undefined if it is not known. */
  readonly depth: number | undefined;
  /** If the reason is `wrong-name`: the name or IP address that the certificate must have; otherwise undefined. */
  readonly hostname: string | undefined;
  /** If the reason is `wrong-name`: the names and IP addresses that the certificate has; otherwise empty. */
  readonly names: readonly string[];

  constructor(
    { reason, detail, subject, depth, hostname, names = [] }: TLSCertificateDetails,
    options?: ErrorOptions,
  ) {
    const place = depth === undefined ? '' : `, depth ${depth}`;
    const which = subject === undefined ? '' : ` (${subject}${place})`;
    const advice = CERTIFICATE_ADVICE[reason];
    const remedy = advice === undefined ? '' : `. ${advice}`;
    super(`the peer's certificate was refused: ${detail}${which}${remedy}`, options);
    this.reason = reason;
    this.subject = subject;
    this.depth = depth;
    this.hostname = hostname || undefined;
    this.names = names;
  }
}

/**
 * The connection ended without TLS's end of data (close_notify): an attacker may have cut it. Received data may be incomplete.
 */
export class TLSTruncatedError extends ConnectionLost {
  override readonly name = 'TLSTruncatedError';
  override readonly code = 'ERR_TLS_TRUNCATED';
  /** Whether the handshake was complete. */
  readonly handshakeComplete: boolean;

  /** @param presentsCertificate Whether the peer is a server that may have refused the certificate of this side. */
  constructor(handshakeComplete: boolean, presentsCertificate = false) {
    const refusal = '. The server may also have refused the certificate of this side: see its log';
    super(
      handshakeComplete
        ? `the connection ended without close_notify: received data may be incomplete${presentsCertificate ? refusal : ''}`
        : 'the connection ended before the TLS handshake was complete. The log of the peer may have the reason',
    );
    this.handshakeComplete = handshakeComplete;
  }
}

/** The handshake was not complete in time. */
export class TLSHandshakeTimeoutError extends RemoteProtocolError {
  override readonly name = 'TLSHandshakeTimeoutError';
  override readonly code = 'ERR_TLS_HANDSHAKE_TIMEOUT';
  readonly timeoutMs: number;

  constructor(timeoutMs: number) {
    super(`the TLS handshake was not complete after ${timeoutMs} ms`);
    this.timeoutMs = timeoutMs;
  }
}

/** More handshakes of one context are in progress than its `maxHandshakes`: the oldest one was ended for a new one. */
export class TooManyHandshakesError extends RemoteProtocolError {
  override readonly name = 'TooManyHandshakesError';
  override readonly code = 'ERR_TOO_MANY_HANDSHAKES';
  /** The option that was exceeded. */
  readonly option = 'maxHandshakes';
  /** Its value. */
  readonly limit: number;

  constructor(limit: number) {
    super(`more than ${limit} TLS handshakes are in progress: the oldest one was ended`);
    this.limit = limit;
  }
}
