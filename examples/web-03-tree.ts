// A tree of fixed names: /, /about and /shop/.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { Branch, Data, serveSite } from 'ropewalk/web';

const root = new Branch({
  '': { render: () => 'Welcome\n' },
  about: { render: () => 'We make rope.\n' },
  'style.css': new Data('body { font: 1em sans-serif }', 'text/css'),
  shop: new Branch({ '': { render: () => 'Ropes for sale\n' } }),
});

const { port } = parseArgs({ options: { port: { type: 'string', default: '8080' } } }).values;
const reactor = createReactor();
const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
const server = await serveSite(reactor, endpoint, root);
console.log(`listening on ${server.getHost()}`);
await reactor.run();
