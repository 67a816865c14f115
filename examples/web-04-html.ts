// A page with values of the client in it, which are escaped: try /?name=<b>you</b>.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { html, type Resource, serveSite } from 'ropewalk/web';

const root: Resource = {
  render({ query }) {
    const name = query.get('name') ?? 'nobody';
    return html`<!doctype html>
      <title>Hello</title>
      <h1 title="${name}">Hello, ${name}!</h1>
      <ul>
        ${[...name].map((letter) => html`<li>${letter}</li>`)}
      </ul>`;
  },
};

const { port } = parseArgs({ options: { port: { type: 'string', default: '8080' } } }).values;
const reactor = createReactor();
const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
const server = await serveSite(reactor, endpoint, root);
console.log(`listening on ${server.getHost()}`);
await reactor.run();
