// Runs the CGI scripts of a folder under /cgi-bin: `node --import tsx examples/cgi-server.ts --port 8080 --folder /usr/lib/cgi-bin`.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { CGIDirectory } from 'ropewalk/cgi';
import { Branch, serveSite } from 'ropewalk/web';

try {
  const { port, folder } = parseArgs({
    options: {
      port: { type: 'string', default: '8080' },
      folder: { type: 'string', default: '/usr/lib/cgi-bin' },
    },
  }).values;
  const reactor = createReactor();
  const scripts = new CGIDirectory(reactor, folder, {
    // Other files must be executable.
    interpreters: { '.pl': '/usr/bin/perl', '.py': '/usr/bin/python3', '.sh': '/bin/sh' },
    timeoutMs: 10_000,
    maxRunning: 8,
    // No script may use more than a minute of CPU time or 512 MiB.
    process: reactor.kind === 'native' ? { limits: { cpuSeconds: 60, dataBytes: 2 ** 29 } } : {},
  });
  const root = new Branch().putChild('cgi-bin', scripts);
  const endpoint = new TCPServerEndpoint(reactor, Number(port), { interface: '127.0.0.1' });
  const server = await serveSite(reactor, endpoint, root);
  console.log(`scripts listening on ${server.getHost()}`);
  await reactor.run();
} catch (error) {
  console.error(`cgi-server: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = 1;
}
