// The SOCKS proxy of `ropewalk/socks`. `--reactor native|node`.

import { createReactor } from '../../../dist/index.js';
import { SocksServerFactory } from '../../../dist/protocols/socks/index.js';
import { announce, readArguments } from '../contender.mjs';

const args = readArguments({ reactor: { type: 'string', default: 'native' } });
const reactor = createReactor({ kind: args.reactor });
const factory = new SocksServerFactory(reactor, { allow: ['127.0.0.0/8'] });
const listening = reactor.listenTCP(args.port, factory, { interface: '127.0.0.1' });
announce(listening.getHost().port, () => reactor.stop());
await reactor.run();
process.exit(0);
