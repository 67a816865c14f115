/** Records of responses for the access log. */
import type { Address } from '../core/address.js';
import type { Clock } from '../core/clock.js';
import { reportError } from '../internal/error-report.js';
import type { AccessRecord } from './access-log.js';
import type { HTTPRequest } from './http-request.js';

/**
 * Called once for each response: when all of it was written, or when it cannot be completed.
 * @param request Identifies the request; undefined if it could not be read. Its fields may be gone: the record has them.
 */
export type AccessLog = (record: AccessRecord, request: HTTPRequest | undefined) => void;

/** Of a request that could not be read. */
const UNREAD = {
  user: undefined,
  method: undefined,
  target: undefined,
  version: undefined,
  host: undefined,
  referer: undefined,
  userAgent: undefined,
  durationMs: undefined,
  aborted: false,
} as const;

/** Makes the records of one server. */
export class ResponseLogs {
  readonly #log: AccessLog;
  readonly #clock: Clock;
  readonly #wallClock: () => number;

  constructor(log: AccessLog, clock: Clock, wallClock: () => number) {
    this.#log = log;
    this.#clock = clock;
    this.#wallClock = wallClock;
  }

  begin(request: HTTPRequest): ResponseLog {
    return new ResponseLog(this, request, this.#wallClock(), this.#clock.now());
  }

  /** A request that could not be read was answered with this status. */
  refused(peer: Address, status: number, bytes: number): void {
    const remoteAddress = hostOf(peer);
    this.write({ ...UNREAD, remoteAddress, timeMs: this.#wallClock(), status, bytes }, peer);
  }

  /** @param since The time of the clock at which the request arrived. */
  durationSince(since: number): number {
    return this.#clock.now() - since;
  }

  write(record: AccessRecord, peer: Address, request?: HTTPRequest): void {
    try {
      this.#log(record, request);
    } catch (error) {
      reportError(error, 'access log', peer);
    }
  }
}

/** The record of a response in the making. One exists for each request, so private fields are TypeScript's. */
export class ResponseLog {
  /** Of content that was written. */
  bytes = 0;
  private readonly logs: ResponseLogs;
  private readonly request: HTTPRequest;
  private readonly timeMs: number;
  private readonly since: number;
  private isWritten = false;

  constructor(logs: ResponseLogs, request: HTTPRequest, timeMs: number, since: number) {
    this.logs = logs;
    this.request = request;
    this.timeMs = timeMs;
    this.since = since;
  }

  /** The response is complete. @param bytes Of content that was written last. */
  complete(status: number, bytes: number): void {
    this.bytes += bytes;
    this.end(status);
  }

  /**
   * Only the first call has an effect.
   * @param status Undefined if none was sent.
   */
  end(status: number | undefined, aborted = false): void {
    if (this.isWritten) return;
    this.isWritten = true;
    const { logs, request, timeMs, bytes } = this;
    const { method, target, version, host, remoteAddress } = request;
    const record: AccessRecord = {
      remoteAddress: hostOf(remoteAddress),
      user: request.user,
      timeMs,
      method,
      target,
      version,
      status,
      bytes,
      host,
      referer: request.field('referer'),
      userAgent: request.field('user-agent'),
      durationMs: logs.durationSince(this.since),
      aborted,
    };
    logs.write(record, remoteAddress, request);
  }
}

function hostOf(address: Address): string {
  if (address.type === 'PIPE') return 'pipe:';
  return address.type === 'UNIX' ? 'unix:' : address.host;
}
