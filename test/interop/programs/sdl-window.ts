/**
 * An SDL 2 window inside of a reactor that serves echo: SDL has no loop to attach, but on X11 its connection to the display is a
 * descriptor. Prints its port, and the events that it gets.
 */
import koffi from 'koffi';
import { createReactor, Protocol } from 'ropewalk';
import { attachForeignLoop, type ForeignLoop, type ForeignWait } from 'ropewalk/foreign';

const VIDEO = 0x20;
const QUIT = 0x100;
const MOUSE_BUTTON_DOWN = 0x401;
const EVENT_BYTES = 56;
const INFO_BYTES = 72;
const QUEUED_ALREADY = 0;

const sdl = koffi.load('libSDL2-2.0.so.0');
const x11 = koffi.load('libX11.so.6');
const eventsQueued = x11.func('int XEventsQueued(void *display, int mode)');
const pollEvent = sdl.func('int SDL_PollEvent(void *event)');

class SdlLoop implements ForeignLoop {
  readonly name = 'SDL';
  readonly #display: bigint;
  readonly #descriptors: ForeignWait['descriptors'];
  readonly #event = Buffer.alloc(EVENT_BYTES);
  readonly #onEvent: (type: number) => void;

  constructor(window: bigint, onEvent: (type: number) => void) {
    const info = Buffer.alloc(INFO_BYTES);
    sdl.func('void SDL_GetVersion(void *version)')(info);
    sdl.func('bool SDL_GetWindowWMInfo(void *window, void *info)')(window, info);
    this.#display = info.readBigUInt64LE(8);
    const fd = x11.func('int XConnectionNumber(void *display)')(this.#display);
    this.#descriptors = [{ fd, read: true }];
    this.#onEvent = onEvent;
  }

  prepare(): ForeignWait {
    // Calls of SDL may have read events that no descriptor tells of any more.
    const queued = eventsQueued(this.#display, QUEUED_ALREADY) > 0;
    return { descriptors: this.#descriptors, until: queued ? 0 : Number.POSITIVE_INFINITY };
  }

  dispatch(): void {
    while (pollEvent(this.#event) === 1) this.#onEvent(this.#event.readUInt32LE(0));
  }
}

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

sdl.func('int SDL_Init(uint flags)')(VIDEO);
const create = sdl.func(
  'void *SDL_CreateWindow(str title, int x, int y, int w, int h, uint flags)',
);
const window = create('SDL window', 100, 100, 300, 200, 0);
const reactor = createReactor();
const loop = new SdlLoop(window, (type) => {
  if (type === MOUSE_BUTTON_DOWN) console.log('pressed');
  if (type === QUIT) reactor.stop();
});
attachForeignLoop(reactor, loop);
const port = reactor.listenTCP(0, Echo, { interface: '127.0.0.1' });
console.log(`listening on port ${port.getHost().port}`);
await reactor.run();
console.log('stopped');
process.exit();
