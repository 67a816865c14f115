// Answers that come later: a promise, a Deferred, and a time limit for one that comes too late.
import { parseArgs } from 'node:util';
import { createReactor, deferLater, TCPServerEndpoint } from 'ropewalk';
import { limitTime, Router, serveSite } from 'ropewalk/web';

const { port } = parseArgs({ options: { port: { type: 'string', default: '8080' } } }).values;
const reactor = createReactor();

const slow = {
  // Cancelled if it takes longer than the limit.
  render: () => deferLater(reactor, 60_000, () => 'a minute later\n'),
};

const root = new Router()
  .get('/promise', async () => {
    await deferLater(reactor, 100);
    return 'a tenth of a second later\n';
  })
  .get('/deferred', () => deferLater(reactor, 100, () => ({ later: true })))
  .get('/slow', limitTime(reactor, slow, { timeoutMs: 200 }));

const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
const server = await serveSite(reactor, endpoint, root);
console.log(`listening on ${server.getHost()}`);
await reactor.run();
