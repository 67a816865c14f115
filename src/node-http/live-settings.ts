/** The engine's settings, read from the properties of the server, which programs change at any time. */
import type { HTTPServerSettings } from '../http/server-settings.js';
import type { RequestParserOptions } from '../protocols/http/limits.js';

/** The properties of `node:http`'s server. Times are in milliseconds; 0: no limit. */
export interface ServerProperties {
  readonly headersTimeout: number;
  readonly requestTimeout: number;
  readonly keepAliveTimeout: number;
  /** Idle connections are closed this much later than announced, so that no request meets a closed connection. */
  readonly keepAliveTimeoutBuffer: number;
  readonly maxHeadersCount: number | null;
}

const NEVER_MS = 2 ** 40;

/** The engine reads no setting of the others for each request. */
export class LiveSettings implements HTTPServerSettings {
  readonly minContentBytes = 1;
  readonly writeTimeoutMs: number;
  readonly maxRequestsPerConnection: number = Number.MAX_SAFE_INTEGER;
  readonly maxPipelinedBytes: number;
  readonly maxDiscardedBytes: number;
  readonly drainDeadlineMs: number;
  readonly wallClock: () => number;
  readonly compression: undefined = undefined;
  readonly http2: undefined = undefined;
  readonly accessLog: HTTPServerSettings['accessLog'];
  readonly errorPage: HTTPServerSettings['errorPage'];
  private readonly base: HTTPServerSettings;
  private readonly properties: ServerProperties;

  constructor(base: HTTPServerSettings, properties: ServerProperties) {
    this.base = base;
    this.properties = properties;
    this.writeTimeoutMs = base.writeTimeoutMs;
    this.maxPipelinedBytes = base.maxPipelinedBytes;
    this.maxDiscardedBytes = base.maxDiscardedBytes;
    this.drainDeadlineMs = base.drainDeadlineMs;
    this.wallClock = base.wallClock;
    this.accessLog = base.accessLog;
    this.errorPage = base.errorPage;
  }

  /** The time of the whole request includes that of its head. */
  get headTimeoutMs(): number {
    const { headersTimeout, requestTimeout } = this.properties;
    return Math.min(headersTimeout || NEVER_MS, requestTimeout || NEVER_MS);
  }

  /** Node limits the time of the whole request only: see `requestTimeout`. */
  get contentTimeoutMs(): number {
    return this.properties.requestTimeout || NEVER_MS;
  }

  get idleTimeoutMs(): number {
    const { keepAliveTimeout, keepAliveTimeoutBuffer } = this.properties;
    return keepAliveTimeout > 0 ? keepAliveTimeout + keepAliveTimeoutBuffer : NEVER_MS;
  }

  get parserOptions(): RequestParserOptions {
    const { maxHeadersCount } = this.properties;
    if (!maxHeadersCount) return this.base.parserOptions;
    return { ...this.base.parserOptions, maxFields: maxHeadersCount };
  }
}
