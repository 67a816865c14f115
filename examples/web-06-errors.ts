// Errors with a status of their own, errors that nobody expected, and a page for lost visitors.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { HTTPStatusError } from 'ropewalk/http';
import { html, type Resource, Router, serveSite } from 'ropewalk/web';

const root = new Router()
  .get('/members', () => {
    throw new HTTPStatusError(403, 'a text that is not sent');
  })
  .get('/broken', () => {
    throw new Error('the client receives 500, and standard error the stack');
  })
  .get('/teapot', ({ response }) => {
    response.status = 418;
    return 'Short and stout\n';
  });

const notFound: Resource = {
  render: ({ request }) => html`<h1>There is no ${request.path}</h1>`,
};

const { port } = parseArgs({ options: { port: { type: 'string', default: '8080' } } }).values;
const reactor = createReactor();
const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
const server = await serveSite(reactor, endpoint, root, { notFound });
console.log(`listening on ${server.getHost()}`);
await reactor.run();
