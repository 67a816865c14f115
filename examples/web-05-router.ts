// Resources by pattern and method: /ropes/12, /files/a/b.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { Router, serveSite } from 'ropewalk/web';

const root = new Router()
  .get('/', () => 'Try /ropes/12\n')
  .get('/ropes/:metres(int)', ({ params }) => ({
    metres: params.metres,
    feet: params.metres * 3.28,
  }))
  .delete('/ropes/:metres(int)', ({ params }) => `Removed ${params.metres}\n`)
  .get('/files/*path', ({ params }) => params.path.join(' > '));

const { port } = parseArgs({ options: { port: { type: 'string', default: '8080' } } }).values;
const reactor = createReactor();
const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
const server = await serveSite(reactor, endpoint, root);
console.log(`listening on ${server.getHost()}`);
await reactor.run();
