// Stores uploaded files and prints the progress: `node --import tsx examples/http-upload.ts --to DIR --port 8080`, then open
// http://localhost:8080, or run `curl -F file=@package.json localhost:8080`.
import { randomUUID } from 'node:crypto';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { type HTTPRequest, type HTTPResponse, partsOf, serveHttp } from 'ropewalk/http';

const PAGE = `<!doctype html><title>Upload</title>
<form method="post" enctype="multipart/form-data"><input type="file" name="file" multiple><button>Send</button></form>`;
const MAX_BYTES = 100 * 1_024 * 1_024;

async function upload(folder: string, request: HTTPRequest, response: HTTPResponse): Promise<void> {
  if (request.method === 'GET' || request.method === 'HEAD') {
    response.setField('Content-Type', 'text/html').send(PAGE);
    return;
  }
  request.maxContentBytes = MAX_BYTES;
  const total = request.contentLength ?? MAX_BYTES;
  const stored: { name: string; bytes: number }[] = [];
  let received = 0;
  for await (const part of partsOf(request, { maxFileBytes: MAX_BYTES })) {
    if (!part.isFile) continue;
    // The client's name may be that of any file: it is printed, and not used as a path.
    const file = await open(join(folder, `${randomUUID()}.upload`), 'wx');
    try {
      let bytes = 0;
      for await (const piece of part) {
        await file.writeFile(piece); // the client sends no faster than the file is written
        bytes += piece.length;
        received += piece.length;
        const percent = Math.floor((100 * received) / total);
        console.log(`${JSON.stringify(part.filename)}: ${bytes} bytes, ${percent}%`);
      }
      stored.push({ name: part.filename ?? '', bytes });
    } finally {
      await file.close();
    }
  }
  response.status = 201;
  response.sendJSON(stored);
}

try {
  const options = { port: { type: 'string' }, to: { type: 'string' } } as const;
  const { port = '8080', to: folder = '.' } = parseArgs({ options }).values;
  const reactor = createReactor();
  const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
  const server = await serveHttp(reactor, endpoint, (request, response) =>
    upload(folder, request, response),
  );
  console.log(`uploads (${reactor.kind}) listening on ${server.getHost()}`);
  await reactor.run();
} catch (error) {
  console.error(`http-upload: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
