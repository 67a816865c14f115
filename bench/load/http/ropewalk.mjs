// Ropewalk's HTTP server. `--reactor native|node`; with `--root DIR` a file server.
import { HTTPFactory, staticFiles } from '../../../dist/http/index.js';
import { createReactor } from '../../../dist/index.js';
import { announce, readArguments } from '../contender.mjs';
import { HELLO } from './service.mjs';

const {
  port,
  root,
  reactor: kind,
} = readArguments({
  reactor: { type: 'string', default: 'native' },
  root: { type: 'string' },
});

function answer(request, response) {
  response.setField('Content-Type', 'text/plain');
  if (request.method !== 'POST') {
    response.send(HELLO);
    return undefined;
  }
  return request.json().addCallback(({ name }) => response.send(String(name)));
}

const reactor = createReactor({ kind });
// Connections rest while other servers are measured.
const handler = root === undefined ? answer : staticFiles(root);
const factory = new HTTPFactory(reactor, handler, { idleTimeoutMs: 3_600_000 });
const listening = reactor.listenTCP(port, factory, { interface: '127.0.0.1', backlog: 4096 });
announce(listening.getHost().port, () => reactor.stop());
await reactor.run();
process.exit(0);
