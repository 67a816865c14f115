/**
 * A modal dialog of Qt, which runs a loop inside a callback of the loop inside Node's. It is closed by a connection, after echoes, a
 * delayed call, a timer and a promise, all of which that loop has to serve. The argument is the version of Qt.
 */
import { connect } from 'node:net';
import koffi from 'koffi';
import { createReactor, Protocol } from 'ropewalk';
import { attachForeignLoop, GLibLoop } from 'ropewalk/foreign';
import { compileQt } from '../../../examples/windows/qt-compile.js';

const ECHOES = 100;

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

const qt = koffi.load(await compileQt(new URL('qt-modal.cpp', import.meta.url), process.argv[2]));
qt.func('void modal_start()')();
const accept = qt.func('void modal_accept()');
const reactor = createReactor();
attachForeignLoop(reactor, new GLibLoop());
const port = reactor.listenTCP(0, Echo, { interface: '127.0.0.1' });

/** Runs inside the dialog. */
async function serveInside(): Promise<void> {
  await new Promise<void>((resolve) => reactor.callLater(10, resolve));
  await new Promise<void>((resolve) => setTimeout(resolve, 10));
  const socket = connect(port.getHost().port, '127.0.0.1');
  let echoes = 0;
  socket.write('x');
  socket.on('data', (data) => {
    echoes += 1;
    if (echoes < ECHOES) socket.write(data);
    else accept();
  });
}

let open = true;
const closed = koffi.register(
  () => {
    open = false;
    reactor.callLater(0, () => reactor.stop());
  },
  koffi.pointer(koffi.proto('void', [])),
);
qt.func('void modal_open(void *closed)')(closed);
reactor.callLater(0, () => void serveInside());
await reactor.run();
console.log(open ? 'the dialog is open' : 'the dialog was closed');
process.exit();
