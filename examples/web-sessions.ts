// Counts the visits of each browser: `node --import tsx examples/web-sessions.ts --port 8080`. With `--redis 127.0.0.1:6379` several
// such programs share their sessions.
import { parseArgs } from 'node:util';
import { clientFromString, createReactor, TCPServerEndpoint } from 'ropewalk';
import { RedisClient } from 'ropewalk/redis';
import {
  csrfField,
  html,
  MemorySessionStore,
  RedisSessionStore,
  Router,
  redirect,
  serveSite,
  sessionKey,
  sessionOf,
  withCSRF,
  withSessions,
} from 'ropewalk/web';

const STRING = { type: 'string' } as const;
const VISITS = sessionKey<number>('visits');

const root = new Router()
  .get('/', async (context) => {
    const session = await sessionOf(context);
    const visits = (session.get(VISITS) ?? 0) + 1;
    session.set(VISITS, visits); // the first value that is stored begins the session
    return html`<!doctype html><p>Visits: ${visits}</p>
      <form method="post" action="/forget">${csrfField(context)}<button>Forget me</button></form>`;
  })
  .post('/forget', async (context) => {
    const session = await sessionOf(context);
    await session.end();
    return redirect(context, '/', 303);
  });

const options = { port: STRING, redis: STRING, secure: { type: 'boolean' } } as const;
const { port = '8080', redis, secure } = parseArgs({ options }).values;
const reactor = createReactor();
const client = new RedisClient(clientFromString(reactor, `tcp:${redis ?? '127.0.0.1:6379'}`), {
  clock: reactor,
});
if (redis !== undefined) client.startService();
const store = redis === undefined ? new MemorySessionStore(reactor) : new RedisSessionStore(client);

// Behind a proxy that speaks TLS, `secure` must be set: the connection to this program is not secure then.
const site = withSessions(withCSRF(root), {
  store,
  clock: reactor,
  cookie: secure ? { secure } : {},
});
const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
const server = await serveSite(reactor, endpoint, site);
console.log(`sessions listening on ${server.getHost()}`);
reactor.addSystemEventTrigger('before', 'shutdown', () => client.stopService());
await reactor.run();
