// Requests that a site answers with a greeting, over a transport in memory, against the handler alone.
//
//     npx tsx bench/micro/web/site.bench.ts [--rounds N] [--quick]

import { HTTPFactory, type HTTPHandler } from '../../../src/http/index.js';
import { ManualClock, MemoryTransport } from '../../../src/testing/index.js';
import {
  Branch,
  cors,
  html,
  type Resource,
  Router,
  requestIds,
  Site,
  securityFields,
  trackContext,
} from '../../../src/web/index.js';
import type { Effort, Figures, MicroBench } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { expectSame, nsPerOperation } from '../../harness/micro/timing.js';

const HELLO = 'Hello, World!';
const BATCH = 1_000;

const hello: Resource = {
  render({ response }) {
    response.setField('Content-Type', 'text/plain');
    return HELLO;
  },
};

function answering(handler: HTTPHandler, target: string): (effort: Effort) => Promise<Figures> {
  return async (effort) => {
    const factory = new HTTPFactory(new ManualClock(), handler, { wallClock: () => 0 });
    const transport = new MemoryTransport();
    transport.connect(factory.buildProtocol());
    const request = Buffer.from(`GET ${target} HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n\r\n`);
    /** @returns The responses that end with the greeting. */
    const batch = (): number => {
      let greetings = 0;
      for (let i = 0; i < BATCH; i++) {
        transport.receive(request);
        transport.settle();
        if (transport.takeWritten().includes(HELLO)) greetings += 1;
      }
      return greetings;
    };
    const check = (greetings: number): void => expectSame('greetings', greetings, BATCH);
    return { '': await nsPerOperation(effort, BATCH, batch, check) };
  };
}

function site(root: Resource, target = '/'): (effort: Effort) => Promise<Figures> {
  return answering(new Site(root).handler, target);
}

const handler: HTTPHandler = (_request, response) => {
  response.setField('Content-Type', 'text/plain').send(HELLO);
};
const deep = new Branch({ a: new Branch({ b: new Branch({ c: hello }) }) });
const router = new Router()
  .get('/users/:id(int)/posts/:post', hello)
  .get('/users/me/posts', hello)
  .get('/', hello);
const wrapped = requestIds(securityFields(cors(hello, { origins: ['https://a.example'] })));

export const bench: MicroBench = {
  title: 'Sites',
  workload:
    'One request after another on one connection in memory, parsed and answered with 13 bytes. `handler` is the same answer without a ' +
    'site; `wrapped` adds an id, security fields and CORS, `tracked` an AsyncLocalStorage.',
  unit: 'ns per request, less is better',
  cases: [
    {
      name: 'greet',
      reference: 'handler',
      contenders: {
        handler: answering(handler, '/'),
        resource: site(hello),
        'three branches': site(deep, '/a/b/c'),
        'route with parameters': site(router, '/users/42/posts/7'),
        tracked: site(trackContext(hello)),
        wrapped: site(wrapped),
        html: site({ render: () => html`<p>${'Hello'}, ${''}${html`${HELLO}`}` }),
      },
    },
  ],
  // That of the scenario http-hello-50 is over sockets.
  bars: [],
};

await runAlone(import.meta.url, bench);
