// An echo server on endpoints that the command line describes, such as `tcp:7030`, `unix:/tmp/echo.sock` or `systemd:name=echo`.
import { createReactor, Protocol, serverFromString } from 'ropewalk';

class Echo extends Protocol {
  override connectionMade(): void {
    this.transport.registerProducer(this.transport, true); // receive no faster than the peer reads
  }

  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

const [...texts] = process.argv.slice(2);
if (texts.length === 0) texts.push('tcp:7030:interface=127.0.0.1');
const reactor = createReactor();
try {
  for (const text of texts) {
    const port = await serverFromString(reactor, text).listen(Echo);
    console.log(`${text}: listening on ${port.getHost()}`);
  }
  await reactor.run(); // until SIGINT or SIGTERM
} catch (error) {
  console.error(`endpoint-server: ${(error as Error).message}`);
  process.exitCode = 1;
}
await reactor[Symbol.asyncDispose]();
