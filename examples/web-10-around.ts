// Resources around a resource: ids, security fields, CORS for the API, limits, an access log, and one wrapper of your own.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { commonLogLine } from 'ropewalk/http';
import {
  cors,
  limitRequests,
  type Resource,
  Router,
  requestIds,
  securityFields,
  serveSite,
} from 'ropewalk/web';

/** Does its part, then lets the resource that it was given answer. */
function timed(resource: Resource): Resource {
  return {
    isLeaf: true,
    render(context) {
      const start = performance.now();
      context.response.whenEnded(() => {
        const ms = (performance.now() - start).toFixed(1);
        console.log(`request ${context.id} took ${ms} ms`);
      });
      return context.delegate(resource);
    },
  };
}

const { port } = parseArgs({ options: { port: { type: 'string', default: '8080' } } }).values;
const reactor = createReactor();
const api = new Router().get('/ropes', () => ['sisal', 'hemp']);
const root = new Router()
  .get('/', () => 'Try /api/ropes\n')
  .mount('/api', cors(limitRequests(reactor, api, { requests: 5 }), { origins: '*' }));

const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
const site = requestIds(timed(securityFields(root)));
const server = await serveSite(reactor, endpoint, site, {
  accessLog: (record) => console.log(commonLogLine(record)),
});
console.log(`listening on ${server.getHost()}`);
await reactor.run();
