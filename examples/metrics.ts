// An HTTP server with metrics: `node --import tsx examples/metrics.ts --port 7028`, then `curl 127.0.0.1:7028/metrics`.
import { parseArgs } from 'node:util';
import { createReactor, serverFromString } from 'ropewalk';
import { serveHttp } from 'ropewalk/http';
import {
  addConnections,
  addReactor,
  MetricsRegistry,
  meterRequests,
  PROMETHEUS_CONTENT_TYPE,
  prometheusText,
} from 'ropewalk/metrics';

const { values } = parseArgs({ options: { port: { type: 'string', default: '7028' } } });
const reactor = createReactor({ measureTurns: true });
const metrics = new MetricsRegistry();
addReactor(metrics, reactor);
addConnections(metrics);
const greetings = metrics.counter('app_greetings_total', 'Greetings by language.', ['language']);

const endpoint = serverFromString(reactor, `tcp:${values.port}:interface=127.0.0.1`);
const server = await serveHttp(
  reactor,
  endpoint,
  (request, response) => {
    if (request.target === '/metrics') {
      response.setField('Content-Type', PROMETHEUS_CONTENT_TYPE).send(prometheusText(metrics));
      return;
    }
    greetings.add(1, { language: 'en' });
    response.send('Hello!\n');
  },
  { accessLog: meterRequests(metrics, 'web') },
);
console.log(`listening on ${server.getHost()}`);
await reactor.run();
