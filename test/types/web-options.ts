/** The options of `ropewalk/web`. */
import { TCPServerEndpoint } from '../../src/index.js';
import { ManualClock } from '../../src/testing/manual-clock.js';
import {
  cors,
  Data,
  File,
  limitRequests,
  limitTime,
  NameVirtualHost,
  Router,
  requestIds,
  Site,
  securityFields,
  serveSite,
} from '../../src/web/index.js';
import { and, type Call, memory } from './option-calls.js';

const root = { render: () => '' };
const clock = new ManualClock();

export const WEB_CALLS: Readonly<Record<string, readonly Call[]>> = {
  CORSOptions: [(o) => cors(root, and(o, { origins: '*' }))],
  DataOptions: [(o) => new Data('', 'text/plain', o)],
  FileOptions: [(o) => new File('x', o)],
  LimitRequestsOptions: [(o) => limitRequests(clock, root, and(o, { requests: 1 }))],
  LimitTimeOptions: [(o) => limitTime(clock, root, and(o, { timeoutMs: 1 }))],
  NameVirtualHostOptions: [(o) => new NameVirtualHost({}, o)],
  RequestIdsOptions: [(o) => requestIds(root, o)],
  RouterOptions: [(o) => new Router(o)],
  SecurityFieldsOptions: [(o) => securityFields(root, o)],
  ServeSiteOptions: [
    memory((reactor, o) => serveSite(reactor, new TCPServerEndpoint(reactor, 0), root, o)),
  ],
  SiteOptions: [(o) => new Site(root, o)],
};
