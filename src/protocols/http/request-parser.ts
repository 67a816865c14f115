/** Parses requests: the server's side of a connection. */
import { isAuthority } from './authority.js';
import { invalidMessage, limitExceeded } from './errors.js';
import { MORE, OFFSETS_PER_FIELD } from './field-scanner.js';
import { RequestHead } from './heads.js';
import { type RequestParserOptions, requestLimits } from './limits.js';
import { type MessageEvent, MessageParser } from './message-parser.js';
import { CR, LF, SLASH, SP, TARGET, TOKEN } from './octets.js';
import { type TargetForm, targetForm } from './target.js';
import { readVersion, VERSION_BYTES } from './version.js';

/** Where a partial request line was left. */
const METHOD = 0;
const TARGET_PART = 1;
const VERSION = 2;
const FIELDS = 3;

const COMMON_METHODS: readonly string[] = [
  'GET',
  'POST',
  'PUT',
  'HEAD',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'CONNECT',
];

/**
 * Events per request: `head`, any number of `data`, `end`.
 *
 * A request with Upgrade: after its `end`, a server that switches protocols takes the bytes behind the request by `takeRest`; one
 * that does not continues with `next`. After CONNECT, and after a request that ends the connection, there are no further
 * events; after CONNECT `takeRest` returns the bytes behind it.
 */
export class RequestParser extends MessageParser<RequestHead> {
  private part = METHOD;
  private position = 0;
  private methodTo = 0;
  private targetTo = 0;
  private minorVersion = 0;
  /** Whether an empty line in front of the request line was skipped. */
  private skippedLine = false;
  private readonly requiresHost: boolean;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: RequestParserOptions = {}) {
    super('server', requestLimits(options));
    this.requiresHost = options.requireHost ?? true;
  }

  /** Forgets the request and all bytes: the next bytes are those of another connection. Heads are invalid unless they were kept. */
  restart(): void {
    this.forget();
    this.skippedLine = false;
  }

  /** At most one empty line in front of the request line is skipped (RFC 9112 section 2.2). */
  protected override beginHead(): boolean {
    const { bytes, role } = this;
    while (bytes[this.at] === CR) {
      if (this.skippedLine) throw invalidMessage(role, 'empty-line');
      if (this.at + 1 === this.end) return false;
      if (bytes[this.at + 1] !== LF) throw invalidMessage(role, 'bare-cr');
      this.at += 2;
      this.skippedLine = true;
      if (this.at === this.end) return false;
    }
    if (bytes[this.at] === LF) throw invalidMessage(role, 'bare-lf');
    this.skippedLine = false;
    this.part = METHOD;
    this.position = 0;
    return true;
  }

  protected override readHead(): MessageEvent | undefined {
    if (this.part !== FIELDS && !this.readRequestLine()) return undefined;
    const length = this.readFields();
    if (length === MORE) return undefined;
    const { bytes, at, scanner, minorVersion } = this;
    const method = this.methodText();
    const form = this.checkTarget(method);
    this.checkHost();
    this.checkFraming(minorVersion);
    const head = new RequestHead(
      bytes,
      at,
      length,
      scanner,
      minorVersion,
      method,
      form,
      this.targetTo,
    );
    this.finishHead(head, length);
    const content = head.isChunked ? 'chunked' : (head.contentLength ?? 0);
    if (method === 'CONNECT') this.beginTunnel(head);
    else if (head.keepsAlive) this.beginContent(content, 'message');
    else this.beginContent(content, head.hasUpgrade ? 'tunnel' : 'nothing');
    return 'head';
  }

  /**
   * CONNECT has no content (RFC 9110 section 9.3.6): some recipients read it if the head announces it, for others the bytes belong
   * to the tunnel.
   */
  private beginTunnel({ isChunked, contentLength = 0 }: RequestHead): void {
    if (isChunked) throw invalidMessage(this.role, 'transfer-encoding-forbidden');
    if (contentLength > 0) throw invalidMessage(this.role, 'content-length-forbidden');
    this.beginContent(0, 'tunnel');
  }

  /** @returns Whether the request line is complete. */
  private readRequestLine(): boolean {
    const stop = this.headStop;
    if (this.part === METHOD && !this.readMethod(stop)) return false;
    if (this.part === TARGET_PART && !this.readTarget(stop)) return false;
    const { bytes, at: base, role } = this;
    const from = base + this.targetTo + 1;
    const minor = readVersion(bytes, from, stop, role);
    const lineEnd = from + VERSION_BYTES;
    if (minor !== MORE && lineEnd < stop) {
      if (bytes[lineEnd] !== CR) {
        throw invalidMessage(role, bytes[lineEnd] === LF ? 'bare-lf' : 'version');
      }
      if (lineEnd + 1 < stop) {
        if (bytes[lineEnd + 1] !== LF) throw invalidMessage(role, 'bare-cr');
        this.minorVersion = minor;
        this.scanner.begin(lineEnd + 2 - base);
        this.part = FIELDS;
        return true;
      }
    }
    this.checkHeadLimit(stop);
    return false;
  }

  private readMethod(headStop: number): boolean {
    const { bytes, at: base, role } = this;
    const { maxMethodBytes } = this.limits;
    const stop = Math.min(headStop, base + maxMethodBytes + 1);
    let at = base + this.position;
    while (at < stop && TOKEN[bytes[at] as number] === 1) at++;
    this.position = at - base;
    if (at === stop) {
      if (at - base > maxMethodBytes) throw limitExceeded(role, 'maxMethodBytes', maxMethodBytes);
      this.checkHeadLimit(headStop);
      return false;
    }
    if (bytes[at] !== SP || at === base) throw invalidMessage(role, 'method');
    this.methodTo = at - base;
    this.position = this.methodTo + 1;
    this.part = TARGET_PART;
    return true;
  }

  private readTarget(headStop: number): boolean {
    const { bytes, at: base, role } = this;
    const { maxTargetBytes } = this.limits;
    const from = base + this.methodTo + 1;
    const stop = Math.min(headStop, from + maxTargetBytes + 1);
    let at = base + this.position;
    while (at < stop && TARGET[bytes[at] as number] === 1) at++;
    this.position = at - base;
    if (at === stop) {
      if (at - from > maxTargetBytes) throw limitExceeded(role, 'maxTargetBytes', maxTargetBytes);
      this.checkHeadLimit(headStop);
      return false;
    }
    if (bytes[at] !== SP || at === from) throw invalidMessage(role, 'target');
    this.targetTo = at - base;
    this.part = VERSION;
    return true;
  }

  private methodText(): string {
    const { bytes, at, methodTo } = this;
    next: for (const method of COMMON_METHODS) {
      if (method.length !== methodTo) continue;
      for (let i = 0; i < methodTo; i++) {
        if (bytes[at + i] !== method.charCodeAt(i)) continue next;
      }
      return method;
    }
    return bytes.toString('latin1', at, at + methodTo);
  }

  private checkTarget(method: string): TargetForm {
    const { bytes, at, methodTo, targetTo, role } = this;
    if (bytes[at + methodTo + 1] === SLASH && method !== 'CONNECT') return 'origin';
    const form = targetForm(method, bytes.toString('latin1', at + methodTo + 1, at + targetTo));
    if (form === undefined) throw invalidMessage(role, 'target');
    return form;
  }

  /** RFC 9112 section 3.2: exactly one Host in HTTP/1.1 unless the options permit none, at most one in HTTP/1.0. */
  private checkHost(): void {
    const { bytes, at, scanner, role } = this;
    const { hosts, hostIndex, offsets } = scanner;
    if (hosts === 0) {
      if (this.minorVersion === 1 && this.requiresHost) throw invalidMessage(role, 'host-missing');
      return;
    }
    if (hosts > 1) throw invalidMessage(role, 'host-repeated');
    const from = at + (offsets[hostIndex * OFFSETS_PER_FIELD + 2] as number);
    const to = at + (offsets[hostIndex * OFFSETS_PER_FIELD + 3] as number);
    if (!isAuthority(bytes, from, to)) throw invalidMessage(role, 'host');
  }
}
