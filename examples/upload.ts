// Sends files as a form, and shows progress: `node --import tsx examples/upload.ts --url http://127.0.0.1:7070/ photo.jpg`. The files are
// read as the server accepts them, and once more if the request is redirected or repeated.
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { createReactor } from 'ropewalk';
import { Agent, type MultipartPart } from 'ropewalk/http';

const { values, positionals } = parseArgs({
  options: {
    reactor: { type: 'string', default: 'auto' },
    url: { type: 'string', default: 'http://127.0.0.1:7070/' },
    title: { type: 'string', default: 'files' },
  },
  allowPositionals: true,
});

try {
  await using agent = new Agent(createReactor({ kind: values.reactor as 'auto' }));
  const sizes = await Promise.all(positionals.map(async (path) => (await stat(path)).size));
  const total = sizes.reduce((sum, size) => sum + size, 0);
  let sent = 0;
  const file = (path: string, at: number): MultipartPart => ({
    name: 'files',
    filename: basename(path),
    contentLength: sizes[at] ?? 0,
    async *content() {
      if (at === 0) sent = 0;
      for await (const piece of createReadStream(path)) {
        yield piece as Buffer;
        sent += (piece as Buffer).length;
        process.stderr.write(`\r${sent} of ${total} bytes`);
      }
    },
  });
  const multipart = [{ name: 'title', content: values.title }, ...positionals.map(file)];
  const response = await agent.post(values.url, { multipart });
  process.stderr.write('\n');
  console.log(await response.text());
  if (!response.ok) process.exitCode = 1;
} catch (error) {
  console.error(`upload: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
