// A session for each browser, with forms that other sites cannot send. Try `curl -c jar -b jar localhost:8080/` twice.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import {
  csrfField,
  html,
  MemorySessionStore,
  Router,
  redirect,
  serveSite,
  sessionKey,
  sessionOf,
  withCSRF,
  withSessions,
} from 'ropewalk/web';

const VISITS = sessionKey<number>('visits');

const root = new Router()
  .get('/', async (context) => {
    const session = await sessionOf(context);
    const visits = (session.get(VISITS) ?? 0) + 1;
    session.set(VISITS, visits); // the first value begins the session, and sets its cookie
    return html`<p>Visits: ${visits}</p>
      <form method="post" action="/forget">${csrfField(context)}<button>Forget me</button></form>`;
  })
  .post('/forget', async (context) => {
    await (await sessionOf(context)).end();
    return redirect(context, '/', 303);
  });

const { port } = parseArgs({ options: { port: { type: 'string', default: '8080' } } }).values;
const reactor = createReactor();
const store = new MemorySessionStore(reactor);
const site = withSessions(withCSRF(root), { store, clock: reactor });
const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
const server = await serveSite(reactor, endpoint, site);
console.log(`listening on ${server.getHost()}`);
await reactor.run();
