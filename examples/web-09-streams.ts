// A response in pieces, each made when the client has taken the ones before. Stop `curl -N localhost:8080/ticks` to see the end.
import { parseArgs } from 'node:util';
import { createReactor, deferLater, TCPServerEndpoint } from 'ropewalk';
import { type Resource, Router, serveSite } from 'ropewalk/web';

const { port } = parseArgs({ options: { port: { type: 'string', default: '8080' } } }).values;
const reactor = createReactor();

async function* ticks(): AsyncGenerator<string> {
  try {
    for (let n = 1; ; n++) {
      yield `tick ${n}\n`;
      await deferLater(reactor, 100);
    }
  } finally {
    console.log('the client has gone');
  }
}

const zeros: Resource = {
  async *render() {
    for (let n = 0; n < 1_024; n++) yield Buffer.alloc(65_536);
  },
};

const root = new Router().get('/ticks', () => ticks()).get('/zeros', zeros);

const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
const server = await serveSite(reactor, endpoint, root);
console.log(`listening on ${server.getHost()}`);
await reactor.run();
