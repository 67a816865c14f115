/** Connects a window with an echo server: what the window shows, its button, and its end. */
import type { ListeningPort, Reactor } from 'ropewalk';
import type { Dashboard } from 'ropewalk/dashboard';
import type { ConnectionsWindow } from './connections-window.js';
import type { LiveEcho } from './live-echo.js';

export interface Server {
  readonly reactor: Reactor;
  readonly echo: LiveEcho;
  readonly port: ListeningPort;
  readonly dashboard: Dashboard;
}

/** The window is closed when the reactor has stopped; closing the window stops the reactor. */
export function showServer(
  window: ConnectionsWindow,
  { reactor, echo, port, dashboard }: Server,
): void {
  const url = `http://${dashboard.getHost()}/`;

  function show(): void {
    const state = port.listening ? `on ${port.getHost()}` : 'stopped';
    window.show({
      status: `Echo server ${state}, dashboard at ${url}`,
      button: port.listening ? 'Stop' : 'Start',
      rows: echo.rows(),
    });
  }

  echo.onChange = show;
  window.onPressed = async () => {
    try {
      if (port.listening) await port.stopListening();
      else port.startListening();
    } finally {
      show();
    }
  };
  window.onClosing = () => {
    if (reactor.running) reactor.stop();
  };
  reactor.addSystemEventTrigger('after', 'shutdown', () => window.close());
  show();
  const { port: number } = port.getHost();
  console.log(`${window.toolkit}, dashboard at ${url}, listening on port ${number}`);
}
