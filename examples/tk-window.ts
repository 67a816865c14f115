// An echo server and its dashboard, with a Tk window that shows the live connections, in one process and thread:
// `npx tsx examples/tk-window.ts`. It needs koffi (npm) and Tk 8.6.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { serveDashboard } from 'ropewalk/dashboard';
import { attachForeignLoop } from 'ropewalk/foreign';
import { LiveEcho } from './windows/live-echo.js';
import { showServer } from './windows/show-server.js';
import { openTkWindow } from './windows/tk.js';

const string = { type: 'string' } as const;
const { values } = parseArgs({ options: { port: string, 'dashboard-port': string } });
const local = { interface: '127.0.0.1' };
const reactor = createReactor();
try {
  const window = await openTkWindow(reactor, 'Echo server');
  attachForeignLoop(reactor, window.loop);

  const echo = new LiveEcho(reactor);
  const port = reactor.listenTCP(Number(values.port ?? 7036), echo, local);
  const dashboardPort = Number(values['dashboard-port'] ?? 7037);
  const endpoint = new TCPServerEndpoint(reactor, dashboardPort, local);
  const dashboard = await serveDashboard(reactor, endpoint, {
    title: 'Echo server',
    sampleUnwatched: false, // without a page, the dashboard does not wake up the program
  });

  showServer(window, { reactor, echo, port, dashboard });
  await reactor.run(); // until the window is closed, SIGINT or SIGTERM
} catch (error) {
  console.error(`tk-window: ${(error as Error).message}`);
  process.exit(1); // the ports above may be open
}
