/**
 * A window of X11 in one process with an echo server: it is as wide as there are connections. Xlib has a descriptor, and a queue of
 * events that it has read already, so `prepare` has to look into the queue: the descriptor alone does not tell.
 *
 *   npm install koffi && apt-get install libx11-6
 *   npx tsx examples/x11-window.ts [--port 7031]     (then: nc 127.0.0.1 7031; a key in the window ends the program)
 */
import { parseArgs } from 'node:util';
import koffi from 'koffi';
import { Factory, getReactor, Protocol } from 'ropewalk';
import { attachForeignLoop, type ForeignLoop } from 'ropewalk/foreign';

const { values } = parseArgs({ options: { port: { type: 'string', default: '7031' } } });

const x11 = koffi.load('libX11.so.6');
const queued = x11.func('int XEventsQueued(void *display, int mode)');
const nextEvent = x11.func('int XNextEvent(void *display, _Out_ uint8_t *event)');
const resize = x11.func('int XResizeWindow(void *display, ulong window, uint width, uint height)');
const display = x11.func('void *XOpenDisplay(str name)')(null);
if (display === null) throw new Error('there is no X server: set DISPLAY');
const root = x11.func('ulong XDefaultRootWindow(void *display)')(display);
const window = x11.func(
  'ulong XCreateSimpleWindow(void *display, ulong parent, int x, int y, uint width, uint height, uint border, ulong edge, ulong fill)',
)(display, root, 0, 0, 50, 50, 1, 0, 0xffffff);
const [KEY_PRESS, KEY_MASK, ALREADY, AFTER_FLUSH] = [2, 1, 0, 2];
x11.func('int XSelectInput(void *display, ulong window, long mask)')(display, window, KEY_MASK);
x11.func('int XMapWindow(void *display, ulong window)')(display, window);

const reactor = getReactor();
const descriptors = [{ fd: x11.func('int XConnectionNumber(void *display)')(display), read: true }];
const event = Buffer.alloc(192);

const loop: ForeignLoop = {
  name: 'X11',
  // Requests are written here too: the rest of the program need not flush them.
  prepare: () => ({
    descriptors,
    until: queued(display, AFTER_FLUSH) > 0 ? reactor.now() : Number.POSITIVE_INFINITY,
  }),
  dispatch: () => {
    for (let left = queued(display, 1); left > 0; left = queued(display, ALREADY)) {
      nextEvent(display, event);
      if (event.readInt32LE(0) === KEY_PRESS) reactor.stop();
    }
  },
};

class Echo extends Protocol {
  static open = 0;

  override connectionMade(): void {
    resize(display, window, 50 + 50 * ++Echo.open, 50);
  }

  override dataReceived(data: Buffer): void {
    this.transport?.write(data);
  }

  override connectionLost(): void {
    resize(display, window, 50 + 50 * --Echo.open, 50);
  }
}

const port = reactor.listenTCP(Number(values.port), Factory.forProtocol(Echo), {
  interface: '127.0.0.1',
});
console.log(`window ${window}, echo on port ${port.getHost().port}`);
const attachment = attachForeignLoop(reactor, loop);
await reactor.run();
console.log(`${attachment.statistics().dispatches} dispatches`);
x11.func('int XCloseDisplay(void *display)')(display);
