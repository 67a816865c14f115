// Ropewalk's HTTP server. `--reactor native|node`.
import { HTTPFactory } from '../../../dist/http/index.js';
import { createReactor } from '../../../dist/index.js';
import { announce, readArguments } from '../contender.mjs';
import { HELLO } from './service.mjs';

const { port, reactor: kind } = readArguments({ reactor: { type: 'string', default: 'native' } });

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
const factory = new HTTPFactory(reactor, answer, { idleTimeoutMs: 3_600_000 });
const listening = reactor.listenTCP(port, factory, { interface: '127.0.0.1', backlog: 4096 });
announce(listening.getHost().port, () => reactor.stop());
await reactor.run();
process.exit(0);
