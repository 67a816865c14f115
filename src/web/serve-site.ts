/** A site on an endpoint. */
import type { Clock } from '../core/clock.js';
import type { StreamServerEndpoint } from '../core/stream-endpoint.js';
import type { SystemEvents } from '../core/system-event.js';
import type { Deferred } from '../defer/deferred.js';
import { negotiatedErrorPage } from '../http/error-pages.js';
import { type HTTPServer, serveHttp } from '../http/serve-http.js';
import { HTTP_SERVER_OPTIONS, type HTTPServerOptions } from '../http/server-settings.js';
import { checkOptions, type OptionNames } from '../internal/options.js';
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
  const site: Record<string, unknown> = {};
  const server: Record<string, unknown> = { errorPage: negotiatedErrorPage };
  for (const [name, value] of Object.entries(options)) {
    if (value !== undefined) (Object.hasOwn(SITE_OPTIONS, name) ? site : server)[name] = value;
  }
  return serveHttp(reactor, endpoint, new Site(root, site).handler, server);
}
