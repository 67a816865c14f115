// A server whose certificate can be replaced while it runs: it looks for changed files, and reloads them at SIGHUP.
// `node --import tsx examples/tls-reload.ts --port 7022 --cert fullchain.pem --key privkey.pem`
import { parseArgs } from 'node:util';
import { createReactor, Protocol } from 'ropewalk';
import { listenTLS, TLSServerContext } from 'ropewalk/tls';

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

let context: TLSServerContext | undefined;
try {
  const options = {
    port: { type: 'string', default: '7022' },
    cert: { type: 'string', default: 'fullchain.pem' },
    key: { type: 'string', default: 'privkey.pem' },
    'watch-ms': { type: 'string', default: '60000' },
  } as const;
  const { port, cert, key, 'watch-ms': watchMs } = parseArgs({ options }).values;
  const reactor = createReactor();
  const served = new TLSServerContext({
    identity: { certificateFile: cert, keyFile: key },
    watchFiles: { clock: reactor, intervalMs: Number(watchMs) },
  });
  context = served;
  // Open connections keep their certificate. If the files do not fit, the former certificate stays.
  process.on('SIGHUP', () => {
    try {
      served.reload();
      console.log('reloaded');
    } catch (error) {
      console.error(`not reloaded: ${(error as Error).message}`);
    }
  });
  const listening = listenTLS(reactor, Number(port), Echo, served, { interface: '127.0.0.1' });
  console.log(`TLS echo (${reactor.kind}) listening on port ${listening.getHost().port}`);
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`tls-reload: ${(error as Error).message.split('\n', 1)[0]}`);
  process.exitCode = error instanceof TypeError || error instanceof RangeError ? 2 : 1;
} finally {
  context?.close(); // or watching files would keep the process alive
}
