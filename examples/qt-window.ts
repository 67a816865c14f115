// An echo server and its dashboard, with a Qt window that shows the live connections, in one process and thread:
// `npx tsx examples/qt-window.ts`. It needs koffi (npm), g++ and Qt 6 or 5; `--qt 5` selects one.
import { parseArgs } from 'node:util';
import { createReactor, TCPServerEndpoint } from 'ropewalk';
import { serveDashboard } from 'ropewalk/dashboard';
import { attachForeignLoop, GLibLoop } from 'ropewalk/foreign';
import { LiveEcho } from './windows/live-echo.js';
import { openQtWindow } from './windows/qt.js';
import { showServer } from './windows/show-server.js';

const string = { type: 'string' } as const;
const { values } = parseArgs({ options: { port: string, 'dashboard-port': string, qt: string } });
const local = { interface: '127.0.0.1' };
const reactor = createReactor();
try {
  const window = await openQtWindow(reactor, 'Echo server', values.qt);
  attachForeignLoop(reactor, new GLibLoop());

  const echo = new LiveEcho(reactor);
  const port = reactor.listenTCP(Number(values.port ?? 7034), echo, local);
  const dashboardPort = Number(values['dashboard-port'] ?? 7038);
  const endpoint = new TCPServerEndpoint(reactor, dashboardPort, local);
  const dashboard = await serveDashboard(reactor, endpoint, {
    title: 'Echo server',
    sampleUnwatched: false, // without a page, the dashboard does not wake up the program
  });

  showServer(window, { reactor, echo, port, dashboard });
  await reactor.run(); // until the window is closed, SIGINT or SIGTERM
} catch (error) {
  console.error(`qt-window: ${(error as Error).message}`);
  process.exit(1); // the ports above may be open
}
