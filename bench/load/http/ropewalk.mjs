// Ropewalk's HTTP server. `--reactor native|node`; with `--root DIR` a file server, with `--site` a tree of resources.
import { HTTPFactory, staticFiles } from '../../../dist/http/index.js';
import { createReactor } from '../../../dist/index.js';
import { Branch, byMethod, Site } from '../../../dist/web/index.js';
import { announce, readArguments } from '../contender.mjs';
import { HELLO } from './service.mjs';

const {
  port,
  root,
  site,
  reactor: kind,
} = readArguments({
  reactor: { type: 'string', default: 'native' },
  root: { type: 'string' },
  site: { type: 'boolean', default: false },
});

function answer(request, response) {
  response.setField('Content-Type', 'text/plain');
  if (request.method !== 'POST') {
    response.send(HELLO);
    return undefined;
  }
  return request.json().addCallback(({ name }) => response.send(String(name)));
}

/** The same answers by a tree. */
const tree = new Branch({
  '': byMethod({
    GET({ response }) {
      response.setField('Content-Type', 'text/plain');
      return HELLO;
    },
    POST: async ({ request, response }) => {
      response.setField('Content-Type', 'text/plain');
      return String((await request.json()).name);
    },
  }),
});

function handlerOf() {
  if (site) return new Site(tree).handler;
  return root === undefined ? answer : staticFiles(root);
}

const reactor = createReactor({ kind });
// Connections rest while other servers are measured.
const factory = new HTTPFactory(reactor, handlerOf(), { idleTimeoutMs: 3_600_000 });
const listening = reactor.listenTCP(port, factory, { interface: '127.0.0.1', backlog: 4096 });
announce(listening.getHost().port, () => reactor.stop());
await reactor.run();
process.exit(0);
