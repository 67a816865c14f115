// Notes over HTTP: POST /notes takes JSON, GET /notes lists, GET /lines streams. Run it with `--port 8080`, and try
// `curl -d '{"text":"buy rope"}' localhost:8080/notes`.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { type HTTPRequest, type HTTPResponse, HTTPStatusError, serveHttp } from 'ropewalk/http';

const notes: string[] = [];

async function api(request: HTTPRequest, response: HTTPResponse): Promise<void> {
  if (request.path === '/lines') {
    response.setField('Content-Type', 'text/plain; charset=utf-8');
    // Each note is sent when the client has taken the ones before.
    await response.sendFrom(notes.map((text) => `${text}\n`));
    return;
  }
  if (request.path !== '/notes') throw new HTTPStatusError(404);
  if (request.method === 'POST') {
    request.maxContentBytes = 10_000; // more is answered with 413
    const note = (await request.json()) as { text?: unknown } | null; // what is no JSON, with 400
    if (typeof note?.text !== 'string') throw new HTTPStatusError(422);
    notes.push(note.text);
    response.status = 201;
  } else if (request.method !== 'GET' && request.method !== 'HEAD') {
    response.setField('Allow', 'GET, HEAD, POST');
    response.status = 405;
    response.send();
    return;
  }
  response.sendJSON(notes);
}

try {
  const { port = '8080' } = parseArgs({ options: { port: { type: 'string' } } }).values;
  const reactor = createReactor();
  const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
  const server = await serveHttp(reactor, endpoint, api, { idleTimeoutMs: 30_000 });
  console.log(`notes listening on ${server.getHost()}`);
  await reactor.run();
} catch (error) {
  console.error(`http-api: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
