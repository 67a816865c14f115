// Ropewalk's reverse proxy with its defaults. `--reactor native|node`.
import { HTTPFactory } from '../../../dist/http/index.js';
import { clientFromString, createReactor } from '../../../dist/index.js';
import { ReverseProxy } from '../../../dist/web-proxy/index.js';
import { announce, readArguments } from '../contender.mjs';

const args = readArguments({ reactor: { type: 'string', default: 'native' } });
const reactor = createReactor({ kind: args.reactor });
const endpoint = clientFromString(reactor, `tcp:${args.target}`);
const proxy = new ReverseProxy(reactor, [{ endpoint }], { idleTimeoutMs: 3_600_000 });
// Connections rest while other servers are measured.
const factory = new HTTPFactory(reactor, proxy.handler, { idleTimeoutMs: 3_600_000 });
const options = { interface: '127.0.0.1', backlog: 4096 };
const listening = reactor.listenTCP(args.port, factory, options);
announce(listening.getHost().port, () => reactor.stop());
await reactor.run();
process.exit(0);
