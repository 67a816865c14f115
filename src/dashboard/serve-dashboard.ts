/** Serves the dashboard of a program. */
import type { Address } from '../core/address.js';
import type { Reactor } from '../core/reactor.js';
import type { StreamServerEndpoint } from '../core/stream-endpoint.js';
import type { SystemEventTrigger } from '../core/system-event.js';
import { Deferred } from '../defer/deferred.js';
import { HTTPStatusError } from '../http/errors.js';
import type { HTTPRequest } from '../http/http-request.js';
import type { HTTPResponse } from '../http/http-response.js';
import { type HTTPServer, serveHttp } from '../http/serve-http.js';
import { checkChoice, checkString } from '../internal/check.js';
import { WebSocketAcceptor } from '../websocket/acceptor.js';
import { isLocalOnly, isOwnName } from './access.js';
import {
  type DashboardOptions,
  type DashboardSettings,
  dashboardSettings,
} from './dashboard-options.js';
import { DashboardExposedError } from './errors.js';
import type { EventLevel } from './event-log.js';
import { Feed } from './feed.js';
import { PageFiles, setSecurityFields } from './page-files.js';
import { PageSocket } from './page-socket.js';

const MAX_PAGES = 32;
const MAX_MESSAGE_BYTES = 8_192;
/** Requests in progress when the dashboard is closed. */
const CLOSE_MS = 1_000;

/** A dashboard that is served. */
export class Dashboard implements AsyncDisposable {
  readonly #server: HTTPServer;
  readonly #feed: Feed;
  readonly #reactor: Reactor;
  #trigger: SystemEventTrigger | undefined;

  /** @internal */
  constructor(reactor: Reactor, server: HTTPServer, feed: Feed) {
    this.#reactor = reactor;
    this.#server = server;
    this.#feed = feed;
    this.#trigger = reactor.addSystemEventTrigger('before', 'shutdown', () => {
      this.#trigger = undefined;
      return this.close();
    });
  }

  /** The address that it listens on. */
  getHost(): Address {
    return this.#server.getHost();
  }

  /** The number of open pages. */
  get pages(): number {
    return this.#feed.pages;
  }

  /**
   * Adds an entry to the event log of the page: one line, shortened to 500 characters. The last 200 are kept.
   * @throws InvalidArgumentTypeError, InvalidArgumentValueError
   */
  log(text: string, level: EventLevel = 'info'): void {
    checkString('text', text);
    this.#feed.log.add(text, checkChoice('level', level, ['info', 'error']));
  }

  /** Ends it and its pages. A reactor that stops does this itself. */
  close(): Deferred<void> {
    if (this.#trigger !== undefined) this.#reactor.removeSystemEventTrigger(this.#trigger);
    this.#trigger = undefined;
    this.#feed.stop();
    return this.#server.close({ deadlineMs: CLOSE_MS });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * Serves a page with live charts of a reactor, its workers and its program, a table of connections and an event log. It can be
 * opened from this machine only, unless the options say otherwise. Nobody has to log in: on a machine with several users, each of them
 * can open it.
 *
 * Sampling costs some microseconds per interval; nothing is counted for each message. Create the reactor with `measureTurns` for the
 * durations of its turns.
 *
 * @example const dashboard = await serveDashboard(reactor, serverFromString(reactor, 'tcp:7009:interface=127.0.0.1'));
 * @returns Fires when it listens. Fails with a CannotListenError; with a {@link DashboardExposedError} if other machines can connect to
 * the endpoint.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function serveDashboard(
  reactor: Reactor,
  endpoint: StreamServerEndpoint,
  options: DashboardOptions = {},
): Deferred<Dashboard> {
  return Deferred.fromPromise(serve(reactor, endpoint, dashboardSettings(options)));
}

async function serve(
  reactor: Reactor,
  endpoint: StreamServerEndpoint,
  settings: DashboardSettings,
): Promise<Dashboard> {
  const feed = new Feed(reactor, settings);
  const site = new Site(reactor, feed, await PageFiles.read());
  const server = await serveHttp(reactor, endpoint, site.answer);
  const address = server.getHost();
  if (!settings.allowRemote && !isLocalOnly(address)) {
    await server.close({ deadlineMs: 0 });
    throw new DashboardExposedError(address);
  }
  await feed.start();
  return new Dashboard(reactor, server, feed);
}

/** The resources of the dashboard. */
class Site {
  readonly #feed: Feed;
  readonly #files: PageFiles;
  readonly #acceptor: WebSocketAcceptor;
  readonly #reactor: Reactor;

  constructor(reactor: Reactor, feed: Feed, files: PageFiles) {
    this.#reactor = reactor;
    this.#feed = feed;
    this.#files = files;
    this.#acceptor = new WebSocketAcceptor(reactor, { maxMessageBytes: MAX_MESSAGE_BYTES });
  }

  readonly answer = (request: HTTPRequest, response: HTTPResponse): void => {
    const { settings, pages } = this.#feed;
    setSecurityFields(response);
    if (!isOwnName(request.host, settings.hosts)) throw new HTTPStatusError(421);
    if (request.path === '/feed') {
      if (pages >= MAX_PAGES) throw new HTTPStatusError(503);
      this.#acceptor.accept(request, response, new PageSocket(this.#feed));
    } else if (request.method !== 'GET' && request.method !== 'HEAD') {
      response.status = 405;
      response.setField('Allow', 'GET, HEAD').send();
    } else if (request.path === '/status.json') this.#sendStatus(response);
    else if (!this.#files.serve(request, response)) throw new HTTPStatusError(404);
  };

  #sendStatus(response: HTTPResponse): void {
    const { kind, poller } = this.#reactor;
    const { settings, latest, pages } = this.#feed;
    response.setField('Cache-Control', 'no-store').sendJSON({
      program: 'ropewalk dashboard',
      title: settings.title,
      reactor: { kind, poller },
      pid: process.pid,
      pages,
      meters: [...settings.meters.keys()],
      sample: latest ?? null,
    });
  }
}
