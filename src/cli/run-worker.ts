/** The program of each worker process of `ropewalk run --workers N`. */
import { Drain } from '../application/drain.js';
import type { WorkerContext, WorkerStop } from '../workers/worker-context.js';
import { useEndpointPlugins } from './plugin-endpoints.js';
import { type LogChoices, RunLog } from './run-log.js';
import { type Account, dropPrivileges } from './run-privileges.js';
import { applicationOf, loadProgram } from './run-program.js';
import { WorkerSockets } from './run-worker-sockets.js';

/** The data that the command passes to its workers. */
export interface RunWorkerOrder {
  readonly file: string;
  readonly args: readonly string[];
  readonly account: Account | undefined;
  readonly drainMs: number;
  readonly log: LogChoices;
  /** The path of the parent's {@link SharedSockets}; undefined without the native reactor. */
  readonly relay: string | undefined;
}

export default async function (worker: WorkerContext<RunWorkerOrder>): Promise<WorkerStop> {
  const { reactor } = worker;
  const { file, args, account, drainMs, log, relay } = worker.data;
  useEndpointPlugins(process.cwd());
  const runLog = new RunLog(log, false);
  // The programs' ports are those of the group.
  reactor.listenTCP = worker.listenTCP;
  const sockets = new WorkerSockets(worker, relay);
  const program = await loadProgram(file);
  const application = await applicationOf(program, file, reactor, args);
  try {
    await application.privilegedStartService();
    if (account !== undefined) dropPrivileges(account);
    await application.startService();
    await sockets.passed();
  } catch (error) {
    await application.stopService();
    throw error;
  }
  application.health.state = 'running';
  return async () => {
    application.health.state = 'draining';
    using drain = new Drain(reactor, drainMs);
    await application.stopService(drain);
    await runLog.close();
  };
}
