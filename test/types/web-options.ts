/** The options of `ropewalk/web`. */
import { TCPServerEndpoint } from '../../src/index.js';
import { Site, serveSite } from '../../src/web/index.js';
import { type Call, memory } from './option-calls.js';

const root = { render: () => '' };

export const WEB_CALLS: Readonly<Record<string, readonly Call[]>> = {
  ServeSiteOptions: [
    memory((reactor, o) => serveSite(reactor, new TCPServerEndpoint(reactor, 0), root, o)),
  ],
  SiteOptions: [(o) => new Site(root, o)],
};
