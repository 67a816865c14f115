// Answers lines with the number of primes below a number, computed in threads: the reactor is never blocked.
// `node --import tsx --import ./tsx-threads.mjs examples/threads.ts --port 7017`; then `printf "1000000\r\n" | nc -N 127.0.0.1 7017`.
import { parseArgs } from 'node:util';
import { createReactor, type Deferred, LineOnlyReceiver } from 'ropewalk';
import { deferToThread, threadModule } from 'ropewalk/threads';

const { values } = parseArgs({ options: { port: { type: 'string', default: '7017' } } });
const reactor = createReactor();
const primes = threadModule<typeof import('./thread-primes.js')>(
  new URL('./thread-primes.ts', import.meta.url),
);

class Primes extends LineOnlyReceiver {
  readonly #computing = new Set<Deferred<unknown>>();

  override lineReceived(line: Buffer): void {
    const limit = Number(line.toString());
    if (!(limit <= 100_000_000)) {
      this.sendLine(`not a number up to 100000000: ${line.toString('latin1', 0, 20)}`);
      return;
    }
    const count = deferToThread(reactor, primes, 'countPrimes', [limit]);
    this.#computing.add(count);
    count
      .addBoth((result) => {
        this.#computing.delete(count);
        return result;
      })
      .addCallbacks(
        (found) => this.sendLine(`${found} primes below ${limit}`),
        (failure) => this.sendLine(`failed: ${failure.message}`),
      );
  }

  override connectionLost(): void {
    for (const count of this.#computing) count.cancel();
  }
}

const port = reactor.listenTCP(Number(values.port), Primes, { interface: '127.0.0.1' });
console.log(`listening on ${port.getHost()}`);
await reactor.run();
