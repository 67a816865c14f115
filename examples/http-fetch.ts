// Answers with Request and Response of the Web: `node --import tsx examples/http-fetch.ts --port 8080`, then
// `curl -d 'some text' localhost:8080/upper` or `curl localhost:8080/count`.
import { parseArgs } from 'node:util';
import { createReactor, deferLater, type Reactor, TCPServerEndpoint } from 'ropewalk';
import { type FetchHandler, serveFetch } from 'ropewalk/http';

/** Counts to five, a number every tenth of a second, until the client goes. */
function counting(reactor: Reactor, signal: AbortSignal): ReadableStream<Uint8Array> {
  let count = 0;
  return new ReadableStream({
    async pull(controller): Promise<void> {
      if (count === 5 || signal.aborted) controller.close();
      else {
        if (count > 0) await deferLater(reactor, 100);
        count += 1;
        controller.enqueue(Buffer.from(`${count}\n`));
      }
    },
  });
}

try {
  const { port = '8080' } = parseArgs({ options: { port: { type: 'string' } } }).values;
  const reactor = createReactor();
  const handler: FetchHandler = (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/count') return new Response(counting(reactor, request.signal));
    if (pathname !== '/upper') return new Response('Not Found\n', { status: 404 });
    const upper = request.body
      ?.pipeThrough(new TextDecoderStream())
      .pipeThrough(new TransformStream({ transform: (text, to) => to.enqueue(text.toUpperCase()) }))
      .pipeThrough(new TextEncoderStream());
    return new Response(upper ?? null, { headers: { 'Content-Type': 'text/plain' } });
  };
  const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
  const server = await serveFetch(reactor, endpoint, handler);
  console.log(`fetch handler (${reactor.kind}) listening on ${server.getHost()}`);
  await reactor.run();
} catch (error) {
  console.error(`http-fetch: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
