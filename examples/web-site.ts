// A site with a bit of everything: `node --import tsx examples/web-site.ts --port 8080`. `--reactor native|node` chooses the implementation.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import {
  Branch,
  Data,
  File,
  html,
  limitTime,
  Router,
  requestIds,
  securityFields,
  serveSite,
} from 'ropewalk/web';

const STRING = { type: 'string' } as const;

const notes = new Map<number, string>();
const api = new Router()
  .get('/notes', () => Object.fromEntries(notes))
  .get('/notes/:id(int)', (context) => {
    const text = notes.get(context.params.id);
    return text === undefined ? context.notFound() : { text };
  })
  .put('/notes/:id(int)', async ({ params, request, log }) => {
    notes.set(params.id, await request.text());
    log.info('note {id} was written', { id: params.id });
    return new Response(null, { status: 204 });
  })
  .delete('/notes/:id(int)', (context) => {
    if (!notes.delete(context.params.id)) return context.notFound();
    return new Response(null, { status: 204 });
  });

const home = {
  render: () => html`<!doctype html>
    <link rel="stylesheet" href="/style.css">
    <h1>Notes</h1>
    <ul>${[...notes].map(([id, text]) => html`<li><a href="/api/notes/${id}">${text}</a></li>`)}</ul>`,
};

try {
  const options = { port: STRING, reactor: STRING };
  const { port = '8080', reactor: kind = 'auto' } = parseArgs({ options }).values;
  const reactor = createReactor({ kind: kind as 'auto' | 'native' | 'node' });
  const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
  const root = new Branch({
    '': home,
    hello: { render: () => 'Hello, World!' },
    'style.css': new Data('body { max-width: 40em; margin: auto }', 'text/css'),
    docs: new File('docs', { listing: true }),
    api: limitTime(reactor, api, { timeoutMs: 5_000 }),
  });
  const server = await serveSite(reactor, endpoint, requestIds(securityFields(root)));
  console.log(`site (${reactor.kind}) listening on ${server.getHost()}`);
  await reactor.run(); // until SIGINT or SIGTERM: then requests in progress are answered
} catch (error) {
  console.error(`web-site: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
