// A program that latency.ts measures: `window-program.ts ropewalk [TOOLKIT]` is an echo server, with a window whose loop is inside
// Ropewalk's if TOOLKIT is given; `toolkit TOOLKIT` is the window alone, in g_main_loop_run; `node` is an idle server of node:net. It
// prints its port. The first one then answers each line of its standard input by one of JSON.
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { createInterface } from 'node:readline';
import koffi from 'koffi';
import { type Clock, createReactor } from 'ropewalk';
import { attachForeignLoop, GLibLoop } from 'ropewalk/foreign';
import type { ConnectionsWindow } from '../../examples/windows/connections-window.js';
import { openGtkWindow } from '../../examples/windows/gtk.js';
import { LiveEcho } from '../../examples/windows/live-echo.js';
import { openQtWindow } from '../../examples/windows/qt.js';

/** What was measured since the last answer. */
export interface Answer {
  readonly cpuUs: number;
  /** The times of the frames in milliseconds: those of the toolkit's frames, and those at which the callback ran. */
  readonly frames: readonly number[];
  readonly calls: readonly number[];
}

async function open(clock: Clock, toolkit: string): Promise<ConnectionsWindow> {
  const [family, version] = toolkit.split(' ');
  const openWindow = family === 'GTK' ? openGtkWindow : openQtWindow;
  const window = await openWindow(clock, 'Bench', version);
  window.show({ status: 'A window', button: 'Stop', rows: [] });
  return window;
}

/** The same program without Ropewalk: the window's callbacks, which need a clock, are never called. */
async function runToolkit(toolkit: string): Promise<void> {
  const never = { now: () => 0, callLater: () => ({}), getDelayedCalls: () => [] };
  await open(never as unknown as Clock, toolkit);
  const glib = koffi.load('libglib-2.0.so.0');
  const loop = glib.func('void *g_main_loop_new(void *context, bool running)')(null, false);
  console.log('0');
  glib.func('void g_main_loop_run(void *loop)')(loop);
}

/** An idle server without Ropewalk. */
async function runNode(): Promise<void> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  console.log(`${(server.address() as AddressInfo).port}`);
  await once(server, 'close');
}

async function runServer(toolkit: string | undefined): Promise<void> {
  const reactor = createReactor();
  let window: ConnectionsWindow | undefined;
  if (toolkit !== undefined) {
    window = await open(reactor, toolkit);
    attachForeignLoop(reactor, new GLibLoop());
  }
  const port = reactor.listenTCP(0, new LiveEcho(reactor), { interface: '127.0.0.1' });
  let frames: number[] = [];
  let calls: number[] = [];
  let cpu = process.cpuUsage();
  createInterface({ input: process.stdin }).on('line', (line) => {
    const { user, system } = process.cpuUsage(cpu);
    console.log(JSON.stringify({ cpuUs: user + system, frames, calls } satisfies Answer));
    [frames, calls] = [[], []];
    if (line === 'still') window?.animate();
    if (line === 'animate') {
      window?.animate((timeMs) => {
        frames.push(timeMs);
        calls.push(performance.now());
      });
    }
    cpu = process.cpuUsage();
  });
  console.log(`${port.getHost().port}`);
  await reactor.run();
}

const [loop, toolkit] = process.argv.slice(2);
if (loop === 'node') await runNode();
else if (loop === 'toolkit') await runToolkit(toolkit ?? '');
else await runServer(toolkit);
process.exit();
