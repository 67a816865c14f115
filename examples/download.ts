// Downloads a URL into a file, shows progress, and resumes a file that is incomplete:
// `node --import tsx examples/download.ts --output rope.iso http://127.0.0.1:7070/rope.iso`. The validator of the server is kept in
// FILE.etag, so that two versions are never mixed.
import { createWriteStream } from 'node:fs';
import { readFile, rm, stat, writeFile } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { parseArgs } from 'node:util';
import { createReactor } from 'ropewalk';
import { Agent, type AgentResponse } from 'ropewalk/http';

const { values, positionals } = parseArgs({
  options: {
    reactor: { type: 'string', default: 'auto' },
    output: { type: 'string', default: 'download' },
  },
  allowPositionals: true,
});
const [url = 'http://127.0.0.1:7070/'] = positionals;
const { output } = values;
const etagFile = `${output}.etag`;

try {
  await using agent = new Agent(createReactor({ kind: values.reactor as 'auto' }), { retries: 3 });
  const etag = await readFile(etagFile, 'latin1').catch(() => undefined);
  const have =
    etag === undefined
      ? 0
      : await stat(output).then(
          ({ size }) => size,
          () => 0,
        );
  const range = { Range: `bytes=${have}-`, 'If-Range': etag ?? '' };
  const response = await agent.get(url, { decode: false, fields: have > 0 ? range : {} });
  if (!response.ok) throw new Error(`the server answers ${response.status}`);
  // 200 instead of 206: the file has changed, or the server knows no ranges.
  const begin = response.status === 206 ? have : 0;
  const validator = response.field('etag');
  // A weak validator does not promise the same bytes.
  if (validator === undefined || validator.startsWith('W/')) await rm(etagFile, { force: true });
  else await writeFile(etagFile, validator, 'latin1');
  const file = createWriteStream(output, begin > 0 ? { flags: 'a' } : {});
  await pipeline(progress(response, begin), file);
  await rm(etagFile, { force: true });
} catch (error) {
  console.error(`download: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}

/** The pieces of a response, which are counted. */
async function* progress(response: AgentResponse, begin: number): AsyncGenerator<Buffer> {
  const total = response.contentLength === undefined ? '?' : begin + response.contentLength;
  let done = begin;
  for await (const piece of response) {
    done += piece.length;
    process.stderr.write(`\r${done} of ${total} bytes`);
    yield piece;
  }
  process.stderr.write(`\r${done} of ${total} bytes, ${begin} of them from before\n`);
}
