// Serves the files of a folder: `node --import tsx examples/file-server.ts --root docs --port 8080`. `--reactor native|node` chooses
// the implementation.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { serveHttp, staticFiles } from 'ropewalk/http';

const STRING = { type: 'string' } as const;

try {
  const options = { root: STRING, port: STRING, reactor: STRING };
  const { root = '.', port = '8080', reactor: kind = 'auto' } = parseArgs({ options }).values;
  const reactor = createReactor({ kind: kind as 'auto' | 'native' | 'node' });
  const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
  // Copies such as style.css.br and style.css.gz are sent to clients that accept them.
  const files = staticFiles(root, { precompressed: ['br', 'gzip'], cacheControl: 'max-age=60' });
  const server = await serveHttp(reactor, endpoint, files);
  console.log(`file server (${reactor.kind}) listening on ${server.getHost()}`);
  await reactor.run();
} catch (error) {
  console.error(`file-server: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
}
