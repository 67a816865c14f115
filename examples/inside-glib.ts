// An echo server in a program whose thread belongs to GLib's main loop, as in GTK: `npx tsx examples/inside-glib.ts`.
// It needs koffi (npm) and GLib.
import { parseArgs } from 'node:util';
import koffi from 'koffi';
import { createReactor } from 'ropewalk';
import { embedInGLib, embedReactor } from 'ropewalk/foreign';

const { values } = parseArgs({ options: { port: { type: 'string', default: '7035' } } });
const reactor = createReactor();
const echo = {
  dataReceived: (data: Buffer, transport: { write(data: Buffer): void }) => transport.write(data),
};
const port = reactor.listenTCP(Number(values.port), () => echo, { interface: '127.0.0.1' });

// A callback of GLib, each second.
const glib = koffi.load('libglib-2.0.so.0');
const SourceFunc = koffi.pointer(koffi.proto('int SourceFunc(void *data)'));
const timeoutAdd = glib.func('g_timeout_add', 'uint', ['uint', SourceFunc, 'void *']);
const embedded = embedReactor(reactor);
const tick = embedded.callback(() => {
  console.log(`${reactor.totals().connectionsOpen} connections`);
  return 1; // G_SOURCE_CONTINUE
}, 1);
timeoutAdd(1000, koffi.register(tick, SourceFunc), null);

const running = reactor.run(); // until SIGINT or SIGTERM
console.log(`inside GLib, on port ${port.getHost().port}`);
await embedInGLib(embedded).run(); // g_main_loop_run(); it returns when the reactor has stopped
await running;
console.log('GLib has returned');
process.exit(); // koffi's callback would keep nothing alive, but GLib still has it
