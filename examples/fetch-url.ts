// Prints the content of a URL and, on standard error, its status and the time it took:
// `node --import tsx examples/fetch-url.ts --reactor native http://127.0.0.1:7070/`.
import { once } from 'node:events';
import { parseArgs } from 'node:util';
import { createReactor } from 'ropewalk';
import { Agent } from 'ropewalk/http';

const { values, positionals } = parseArgs({
  options: {
    reactor: { type: 'string', default: 'auto' },
    method: { type: 'string', default: 'GET' },
    content: { type: 'string', default: '' },
    timeout: { type: 'string', default: '30000' },
  },
  allowPositionals: true,
});
const [url = 'http://127.0.0.1:7070/'] = positionals;

try {
  const reactor = createReactor({ kind: values.reactor as 'auto' });
  await using agent = new Agent(reactor, { totalTimeoutMs: Number(values.timeout) });
  const { method, content } = values;
  const begun = reactor.now();
  const response = await agent.request(url, { method, content });
  let bytes = 0;
  for await (const piece of response) {
    bytes += piece.length;
    if (!process.stdout.write(piece)) await once(process.stdout, 'drain');
  }
  const took = Math.round(reactor.now() - begun);
  console.error(`${response.url}: ${response.status}, ${bytes} bytes in ${took} ms`);
  if (!response.ok) process.exitCode = 1;
} catch (error) {
  console.error(`fetch-url: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
