// Answers that come later: a promise, a Deferred, and a time limit. In pieces: stop `curl -N localhost:8080/ticks` to see the end.
import { parseArgs } from 'node:util';
import { createReactor, deferLater, TCPServerEndpoint } from 'ropewalk';
import { limitTime, Router, serveSite } from 'ropewalk/web';

const { port } = parseArgs({ options: { port: { type: 'string', default: '8080' } } }).values;
const reactor = createReactor();

const slow = {
  // Cancelled if it takes longer than the limit.
  render: () => deferLater(reactor, 60_000, () => 'a minute later\n'),
};

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

async function* zeros(): AsyncGenerator<Uint8Array> {
  for (let n = 0; n < 1_024; n++) yield Buffer.alloc(65_536);
}

const root = new Router()
  .get('/promise', async () => {
    await deferLater(reactor, 100);
    return 'a tenth of a second later\n';
  })
  .get('/deferred', () => deferLater(reactor, 100, () => ({ later: true })))
  .get('/slow', limitTime(reactor, slow, { timeoutMs: 200 }))
  .get('/ticks', () => ticks())
  .get('/zeros', () => zeros());

const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
const server = await serveSite(reactor, endpoint, root);
console.log(`listening on ${server.getHost()}`);
await reactor.run();
