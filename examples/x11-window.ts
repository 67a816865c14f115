// An echo server with a window of Xlib that grows with each connection: `npx tsx examples/x11-window.ts`. It needs koffi (npm)
// and libX11. A key ends it.
import { parseArgs } from 'node:util';
import koffi from 'koffi';
import { createReactor, Protocol } from 'ropewalk';
import { attachForeignLoop, type ForeignLoop } from 'ropewalk/foreign';

const { port = '7031' } = parseArgs({ options: { port: { type: 'string' } } }).values;
const reactor = createReactor();

const x11 = koffi.load('libX11.so.6');
const display = x11.func('void *XOpenDisplay(str name)')(null);
if (display === null) throw new Error('there is no X server: set DISPLAY');
const root = x11.func('ulong XDefaultRootWindow(void *display)')(display);
const window = x11.func(
  'ulong XCreateSimpleWindow(void *, ulong root, int x, int y, uint, uint, uint, ulong, ulong)',
)(display, root, 0, 0, 50, 50, 1, 0, 0xffffff);
const resize = x11.func('int XResizeWindow(void *display, ulong window, uint width, uint height)');
const eventsQueued = x11.func('int XEventsQueued(void *display, int mode)');
const nextEvent = x11.func('int XNextEvent(void *display, _Out_ uint8_t *event)');
const KEY_PRESS = 2;
const AFTER_FLUSH = 2; // a mode: sends requests, and reads if the queue is empty
x11.func('int XSelectInput(void *display, ulong window, long mask)')(display, window, 1);
x11.func('int XMapWindow(void *display, ulong window)')(display, window);

const fd = x11.func('int XConnectionNumber(void *display)')(display);
const descriptors = [{ fd, read: true }];
const event = Buffer.alloc(192); // an XEvent

const loop: ForeignLoop = {
  name: 'X11',
  // The descriptor does not tell of events that Xlib has read already: they are in its queue.
  prepare: () => ({
    descriptors,
    until: eventsQueued(display, AFTER_FLUSH) > 0 ? reactor.now() : Number.POSITIVE_INFINITY,
  }),
  dispatch: () => {
    while (eventsQueued(display, AFTER_FLUSH) > 0) {
      nextEvent(display, event); // would block without an event
      if (event.readInt32LE(0) === KEY_PRESS) reactor.stop();
    }
  },
};

let connections = 0;
class Echo extends Protocol {
  override connectionMade(): void {
    resize(display, window, 50 + 50 * ++connections, 50);
  }
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
  override connectionLost(): void {
    resize(display, window, 50 + 50 * --connections, 50);
  }
}

attachForeignLoop(reactor, loop);
const listening = reactor.listenTCP(Number(port), Echo, { interface: '127.0.0.1' });
console.log(`window ${window}, echo on port ${listening.getHost().port}`);
await reactor.run();
