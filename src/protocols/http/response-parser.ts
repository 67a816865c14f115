/** Parses responses: the client's side of a connection. */
import { checkBoolean, checkString } from '../../internal/check.js';
import { invalidMessage, limitExceeded } from './errors.js';
import { MORE } from './field-scanner.js';
import { ResponseHead } from './heads.js';
import { type ResponseParserOptions, responseLimits } from './limits.js';
import { type MessageEvent, MessageParser } from './message-parser.js';
import { CR, isDigit, LF, SP, VALUE } from './octets.js';
import { readVersion, VERSION_BYTES } from './version.js';

/** Where a partial status line was left. */
const STATUS = 0;
const REASON = 1;
const FIELDS = 2;

/** The length of `HTTP/1.1 200`. */
const STATUS_TO = VERSION_BYTES + 4;

/** The parts of a request on which the meaning of its response depends. */
interface SentRequest {
  readonly method: string;
  readonly hasUpgrade: boolean;
}

/**
 * Events per response: any number of `informational`, `head`, any number of `data`, `end`. A response is read only after
 * {@link requestSent}.
 *
 * After a response with 101, or with 2xx to CONNECT, there are no further events, and `takeRest` returns the bytes behind it. A status
 * line without a reason phrase may lack the space behind the status code: many servers omit it.
 */
export class ResponseParser extends MessageParser<ResponseHead> {
  private readonly requests: SentRequest[] = [];
  private part = STATUS;
  /** The end of the reason phrase as far as it has been scanned. */
  private position = 0;
  private minorVersion = 0;
  private status = 0;
  private informational = 0;

  /** @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError */
  constructor(options: ResponseParserOptions = {}) {
    super('client', responseLimits(options));
  }

  /** The number of requests without a complete head of a final response. */
  get pendingRequests(): number {
    return this.requests.length;
  }

  /**
   * A request was sent, and its response is expected after those of earlier requests.
   * @param method HEAD and CONNECT have responses without content.
   * @param hasUpgrade Whether a response with 101 is acceptable. Default false.
   */
  requestSent(method: string, hasUpgrade = false): void {
    checkString('method', method);
    checkBoolean('hasUpgrade', hasUpgrade);
    this.requests.push({ method, hasUpgrade });
  }

  protected override beginHead(): boolean {
    if (this.requests.length === 0) throw invalidMessage(this.role, 'unrequested-response');
    this.part = STATUS;
    return true;
  }

  protected override readHead(): MessageEvent | undefined {
    if (this.part === STATUS && !this.readStatus()) return undefined;
    if (this.part === REASON && !this.readReason()) return undefined;
    const length = this.readFields();
    if (length === MORE) return undefined;
    this.checkFraming(this.minorVersion);
    const { status } = this;
    const head = new ResponseHead(
      this.bytes,
      this.at,
      length,
      this.scanner,
      this.minorVersion,
      status,
      Math.min(STATUS_TO + 1, this.position),
      this.position,
    );
    if (status < 200 || status === 204) this.checkNoContent(head);
    if (status < 200 && status !== 101) return this.finishInformational(head, length);
    this.finishHead(head, length);
    this.informational = 0;
    const request = this.requests.shift() as SentRequest;
    if (status === 101) {
      if (!request.hasUpgrade) throw invalidMessage(this.role, 'unrequested-upgrade');
      this.beginContent(0, 'tunnel');
    } else if (request.method === 'CONNECT' && status < 300) {
      this.beginContent(0, 'tunnel');
    } else {
      this.beginFinal(head, request.method);
    }
    return 'head';
  }

  /** RFC 9112 section 6.3. */
  private beginFinal(head: ResponseHead, method: string): void {
    const { status, isChunked, contentLength } = head;
    const afterwards = head.keepsAlive ? 'message' : 'nothing';
    if (method === 'HEAD' || status === 204 || status === 304) this.beginContent(0, afterwards);
    else if (isChunked) this.beginContent('chunked', afterwards);
    else if (contentLength !== undefined) this.beginContent(contentLength, afterwards);
    else this.beginContent('close', 'nothing');
  }

  private finishInformational(head: ResponseHead, length: number): MessageEvent {
    const { maxInformational } = this.limits;
    if (this.informational === maxInformational) {
      throw limitExceeded(this.role, 'maxInformational', maxInformational);
    }
    this.informational += 1;
    this.finishHead(head, length);
    return 'informational';
  }

  /** RFC 9110 section 8.6, RFC 9112 section 6.1: 1xx and 204 have neither field. `Content-Length: 0` is harmless. */
  private checkNoContent({ isChunked, contentLength = 0 }: ResponseHead): void {
    if (isChunked) throw invalidMessage(this.role, 'transfer-encoding-forbidden');
    if (contentLength > 0) throw invalidMessage(this.role, 'content-length-forbidden');
  }

  /** Reads `HTTP/1.1 200`. */
  private readStatus(): boolean {
    const { bytes, at: base, role } = this;
    const stop = this.headStop;
    const minor = readVersion(bytes, base, stop, role);
    if (minor === MORE) return false;
    let status = 0;
    for (let i = VERSION_BYTES; i <= STATUS_TO; i++) {
      if (base + i === stop) return false;
      const octet = bytes[base + i] as number;
      if (i === VERSION_BYTES ? octet !== SP : i < STATUS_TO && !isDigit(octet)) {
        throw invalidMessage(role, 'status-line');
      }
      if (i > VERSION_BYTES && i < STATUS_TO) status = status * 10 + octet - 0x30;
    }
    const behind = bytes[base + STATUS_TO];
    if (status < 100 || (behind !== SP && behind !== CR)) {
      throw invalidMessage(role, behind === LF ? 'bare-lf' : 'status-line');
    }
    this.minorVersion = minor;
    this.status = status;
    this.position = behind === SP ? STATUS_TO + 1 : STATUS_TO;
    this.part = REASON;
    return true;
  }

  private readReason(): boolean {
    const { bytes, at: base, role } = this;
    const stop = this.headStop;
    let at = base + this.position;
    while (at < stop && VALUE[bytes[at] as number] === 1) at++;
    this.position = at - base;
    if (at < stop) {
      if (bytes[at] === LF) throw invalidMessage(role, 'bare-lf');
      if (bytes[at] !== CR) throw invalidMessage(role, 'status-line');
      if (at + 1 < stop) {
        if (bytes[at + 1] !== LF) throw invalidMessage(role, 'bare-cr');
        this.scanner.begin(at + 2 - base);
        this.part = FIELDS;
        return true;
      }
    }
    this.checkHeadLimit(stop);
    return false;
  }
}
