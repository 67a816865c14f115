/** The demo's built-in load: a separate process, so that its time and memory do not count as the server's. */
import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The load program's argument, as JSON. */
export interface LoadOrder {
  readonly host: string;
  readonly port: number;
  readonly connections: number;
  readonly reactor: 'native' | 'node';
}

/** The load program's reports. */
export interface LoadReport {
  readonly open: number;
}

export class DemoLoad {
  readonly #child: ChildProcess;
  readonly wanted: number;
  #open = 0;

  /** @param failed Called with the reason if the program ends by itself. */
  constructor(order: LoadOrder, failed: (error: Error) => void) {
    this.wanted = order.connections;
    const program = fileURLToPath(new URL('./demo-load-program.js', import.meta.url));
    this.#child = fork(program, [JSON.stringify(order)], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    this.#child.on('message', (report) => {
      this.#open = (report as LoadReport).open;
    });
    this.#child.on('error', failed);
    this.#child.on('exit', (code, signal) => {
      this.#open = 0;
      if (this.#child.connected || code !== 0) {
        failed(new Error(`the load program ended (${signal ?? `exit code ${code}`})`));
      }
    });
  }

  /** Open connections, as of the last report. */
  get open(): number {
    return this.#open;
  }

  /** Ends it. */
  stop(): void {
    this.#child.removeAllListeners('exit');
    // The program ends when this channel closes, however this process ends.
    if (this.#child.connected) this.#child.disconnect();
  }
}
