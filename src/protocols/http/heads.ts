/** The heads of received messages. */

import type { FieldScanner } from './field-scanner.js';
import { FieldSection } from './field-section.js';
import { splitAbsolute, type TargetForm } from './target.js';

/** The HTTP versions that this package speaks. */
export type HTTPVersion = '1.0' | '1.1' | '2.0';

/** The head of a received message: the start line and the field lines. */
export abstract class MessageHead extends FieldSection {
  /** The sender's HTTP version. */
  readonly version: HTTPVersion;
  /** The value of Content-Length; `undefined` if there is none. The answer to HEAD announces content that it does not have. */
  readonly contentLength: number | undefined;
  /** Whether the content is chunked. */
  readonly isChunked: boolean;
  /**
   * Whether the sender keeps the connection for further messages (RFC 9112 section 9.3): in HTTP/1.1 unless Connection has
   * `close`, in HTTP/1.0 only if it has `keep-alive`.
   */
  readonly keepsAlive: boolean;
  /** Whether there is an Upgrade field and `upgrade` in Connection: read the protocols by `fields('upgrade')`. */
  readonly hasUpgrade: boolean;

  /** @internal */
  constructor(
    bytes: Buffer,
    base: number,
    length: number,
    scanner: FieldScanner,
    minorVersion: number,
  ) {
    super(bytes, base, length, scanner);
    const { contentLength } = scanner;
    const isCurrent = minorVersion === 1;
    this.version = isCurrent ? '1.1' : '1.0';
    this.contentLength = contentLength === -1 ? undefined : contentLength;
    this.isChunked = scanner.transferEncodings > 0;
    this.keepsAlive = isCurrent ? !scanner.close : scanner.keepAlive && !scanner.close;
    // RFC 9110 section 7.8: a server ignores Upgrade in HTTP/1.0.
    this.hasUpgrade = scanner.upgrade && scanner.upgradeField && isCurrent;
  }
}

/** The head of a received request. */
export class RequestHead extends MessageHead {
  /** The method, in the case in which it was sent: methods are case-sensitive. */
  readonly method: string;
  readonly targetForm: TargetForm;
  /**
   * Whether the client waits for a response with 100 before it sends the content (RFC 9110 section 10.1.1). Never in HTTP/1.0.
   * Other expectations are in `field('expect')`.
   */
  readonly expectsContinue: boolean;
  private readonly targetFrom: number;
  private readonly targetTo: number;
  private readonly hostIndex: number;
  private targetText: string | undefined = undefined;

  /** @internal */
  constructor(
    bytes: Buffer,
    base: number,
    length: number,
    scanner: FieldScanner,
    minorVersion: number,
    method: string,
    form: TargetForm,
    targetTo: number,
  ) {
    super(bytes, base, length, scanner, minorVersion);
    this.method = method;
    this.targetForm = form;
    this.expectsContinue = scanner.expectContinue && minorVersion === 1;
    this.targetFrom = method.length + 1;
    this.targetTo = targetTo;
    this.hostIndex = scanner.hostIndex;
  }

  /** The request target as it was received: visible ASCII. Its form is {@link targetForm}. */
  get target(): string {
    this.targetText ??= this.text(this.targetFrom, this.targetTo);
    return this.targetText;
  }

  /** Path and query: the target without scheme and authority. `*` for the whole server (OPTIONS); empty in
   * authority form. */
  get originForm(): string {
    if (this.targetForm === 'authority') return '';
    if (this.targetForm !== 'absolute') return this.target;
    const [, , rest] = splitAbsolute(this.target);
    // RFC 9112 section 3.2.4.
    if (rest === '' && this.method === 'OPTIONS') return '*';
    return rest.startsWith('/') ? rest : `/${rest}`;
  }

  /**
   * The requested host with its port if that is given: of the target if that has one, otherwise of Host (RFC 9112 section
   * 3.2.2). Valid, in the case in which it was sent. `undefined` in HTTP/1.0 without Host, and in HTTP/1.1 if `requireHost` is
   * false; empty if Host is.
   */
  get authority(): string | undefined {
    if (this.targetForm === 'absolute') return splitAbsolute(this.target)[1];
    if (this.targetForm === 'authority') return this.target;
    return this.hostIndex === -1 ? undefined : this.valueAt(this.hostIndex);
  }
}

/** The head of a received response. */
export class ResponseHead extends MessageHead {
  /** 100 to 999. */
  readonly status: number;
  private readonly reasonFrom: number;
  private readonly reasonTo: number;

  /** @internal */
  constructor(
    bytes: Buffer,
    base: number,
    length: number,
    scanner: FieldScanner,
    minorVersion: number,
    status: number,
    reasonFrom: number,
    reasonTo: number,
  ) {
    super(bytes, base, length, scanner, minorVersion);
    this.status = status;
    this.reasonFrom = reasonFrom;
    this.reasonTo = reasonTo;
  }

  /** The reason phrase, decoded as Latin-1; often empty. */
  get reason(): string {
    return this.text(this.reasonFrom, this.reasonTo);
  }
}
