/** Closes the descriptor of its reactor's epoll: what fails from then on is to be reported once, and nothing is to spin. */
import { closeSync, readdirSync, readlinkSync } from 'node:fs';
import { Protocol } from '../../../src/index.js';
import { reactorMaker } from '../../support/reactors.js';

function epolls(): number[] {
  return readdirSync('/proc/self/fd')
    .map(Number)
    .filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`) === 'anon_inode:[eventpoll]';
      } catch {
        return false; // of the folder that was read
      }
    });
}

const before = new Set(epolls());
const reactor = reactorMaker('native+epoll').make({
  reportError: (error) => {
    const { code, cause } = error as { code?: string; cause?: { code?: string; syscall?: string } };
    process.stdout.write(`report: ${code} ${cause?.syscall} ${cause?.code}\n`);
  },
});
const own = epolls().filter((fd) => !before.has(fd));

class Paused extends Protocol {
  override connectionMade(): void {
    for (const fd of own) closeSync(fd);
    this.transport.pauseProducing();
    const start = process.cpuUsage();
    setTimeout(() => {
      const { user, system } = process.cpuUsage(start);
      process.stdout.write(
        `connected ${this.transport.connected}, spins ${user + system > 750_000}\n`,
      );
      process.kill(process.pid, 'SIGKILL'); // the reactor's descriptor may be another's by now
    }, 1500);
  }
}
const port = reactor.listenTCP(0, Protocol, { interface: '127.0.0.1' }).getHost().port;
reactor.connectTCP('127.0.0.1', port, Paused);
