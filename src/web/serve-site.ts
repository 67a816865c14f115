/** A site on an endpoint. */
import type { Clock } from '../core/clock.js';
import type { StreamServerEndpoint } from '../core/stream-endpoint.js';
import type { SystemEvents } from '../core/system-event.js';
import type { Deferred } from '../defer/deferred.js';
import { negotiatedErrorPage } from '../http/error-pages.js';
import { type HTTPServer, serveHttp } from '../http/serve-http.js';
import { HTTP_SERVER_OPTIONS, type HTTPServerOptions } from '../http/server-settings.js';
import { checkOptions, type OptionNames, pickOptions } from '../internal/options.js';
import { SITE_OPTIONS, Site, type SiteOptions } from './site.js';
import type { Resource } from './web-context.js';

export interface ServeSiteOptions extends HTTPServerOptions, SiteOptions {}

const OPTIONS: OptionNames<ServeSiteOptions> = { ...HTTP_SERVER_OPTIONS, ...SITE_OPTIONS };

/**
 * Serves a tree of resources over HTTP. Drain, time limits and access log are those of `serveHttp`; error pages are
 * `negotiatedErrorPage` by default.
 *
 * @example await serveSite(reactor, serverFromString(reactor, 'tcp:8080'), { render: () => 'Hello, World!' });
 * @returns Fires when it listens. Fails with a CannotListenError.
 * @throws InvalidArgumentTypeError, InvalidArgumentValueError, UnknownOptionError
 */
export function serveSite(
  reactor: Clock & SystemEvents,
  endpoint: StreamServerEndpoint,
  root: Resource,
  options: ServeSiteOptions = {},
): Deferred<HTTPServer> {
  checkOptions('serveSite', options, OPTIONS);
  const { handler } = new Site(root, pickOptions(options, SITE_OPTIONS));
  const server = pickOptions(options, HTTP_SERVER_OPTIONS);
  return serveHttp(reactor, endpoint, handler, { errorPage: negotiatedErrorPage, ...server });
}
