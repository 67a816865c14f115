/** Programs of ending.test.ts: what ends a thread while a foreign loop is attached, in the middle of a callback or not. */
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import { attachForeignLoop, GLibLoop } from '../../src/foreign/index.js';
import { Protocol } from '../../src/index.js';
import { reactorMaker } from '../support/reactors.js';
import { type GLib, loadGLib } from './glib.js';

const { glib } = loadGLib();
const g = glib as GLib;
const [name, how] = isMainThread
  ? process.argv.slice(2)
  : [workerData.reactor as string, workerData.how as string];
const reactor = reactorMaker(name).make();
const loop = new GLibLoop({ context: isMainThread ? 'default' : 'new' });
const attachment = attachForeignLoop(reactor, loop);
const say = (text: string | bigint): void => {
  if (isMainThread) console.log(text);
  else parentPort?.postMessage(text);
};

/** Bytes between two connections, as fast as they can. */
function flood(): void {
  class Pong extends Protocol {
    override dataReceived(data: Buffer): void {
      this.transport?.write(data);
    }
  }
  class Ping extends Pong {
    override connectionMade(): void {
      this.transport?.write(Buffer.alloc(10_000));
    }
  }
  const port = reactor.listenTCP(0, () => new Pong(), { interface: '127.0.0.1' });
  reactor.connectTCP('127.0.0.1', port.getHost().port, () => new Ping());
}

let count = 0;
switch (how) {
  case 'nothing left':
    attachment.unref();
    say('unreferenced');
    break;
  case 'exit in a callback':
    flood();
    g.timeoutAddTo(loop.address, 20, () => {
      say('exits');
      process.exit(3);
    });
    break;
  case 'exit in a loop inside a callback':
    flood();
    g.runInside(g.newLoop(null));
    setTimeout(() => {
      say('exits');
      process.exit(3);
    }, 50);
    break;
  case 'quit in mid traffic':
    flood();
    g.timeoutAddTo(loop.address, 1, () => {
      count += 1;
      if (count === 20) reactor.stop();
      return attachment.attached;
    });
    await reactor.run({ installSignalHandlers: false });
    say(`stopped, attached: ${attachment.attached}`);
    break;
  case 'terminate':
    flood();
    g.timeoutAddTo(loop.address, 1, () => {
      count += 1;
      if (count === 5) say(g.threadDefault() ?? 0n);
      return true;
    });
    break;
}
