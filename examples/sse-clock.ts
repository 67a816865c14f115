// Tells the time by server-sent events: `node --import tsx examples/sse-clock.ts --port 8080`, then open http://localhost:8080 in a
// browser, or run `curl -N localhost:8080/time`. Clients that connect again continue with the number after their last event.
import { parseArgs } from 'node:util';
import { createReactor, LoopingCall, TCPServerEndpoint } from 'ropewalk';
import { EventStreams, HTTPStatusError, serveHttp } from 'ropewalk/http';

const PAGE = `<!doctype html><title>Clock</title><output id="time"></output>
<script>
  new EventSource('/time').addEventListener('tick', (event) => { time.textContent = event.data; });
</script>`;

try {
  const options = { port: { type: 'string' }, reactor: { type: 'string' } } as const;
  const { port = '8080', reactor: kind = 'auto' } = parseArgs({ options }).values;
  const reactor = createReactor({ kind: kind as 'auto' | 'native' | 'node' });
  const streams = new EventStreams(reactor, { heartbeatMs: 10_000, retryMs: 2_000 });
  let ticks = 0;
  const clock = new LoopingCall(reactor, () => {
    ticks += 1;
    streams.publish({ event: 'tick', id: String(ticks), data: new Date().toISOString() });
  });
  const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
  const server = await serveHttp(reactor, endpoint, (request, response) => {
    if (request.path === '/') response.setField('Content-Type', 'text/html').send(PAGE);
    else if (request.path !== '/time') throw new HTTPStatusError(404);
    else {
      const stream = streams.open(request, response);
      const missed = ticks - Number(stream.lastEventId ?? ticks);
      if (missed > 0) stream.send({ event: 'missed', data: String(missed) });
    }
  });
  void clock.start(1_000);
  console.log(`clock (${reactor.kind}) listening on ${server.getHost()}`);
  await reactor.run();
} catch (error) {
  console.error(`sse-clock: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
