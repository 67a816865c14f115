/** The contract of every reactor. Several classes implement it; one contract suite per facet runs on all of them. */
import type { Clock } from './clock.js';
import type { ReactorAdoption } from './reactor-adoption.js';
import type { ReactorDescriptors } from './reactor-descriptors.js';
import type { ReactorIntrospection } from './reactor-introspection.js';
import type { ReactorLife } from './reactor-life.js';
import type { ReactorNames } from './reactor-names.js';
import type { ReactorPipes } from './reactor-pipes.js';
import type { ReactorProcesses } from './reactor-processes.js';
import type { ReactorTCP } from './reactor-tcp.js';
import type { ReactorThreads } from './reactor-threads.js';
import type { ReactorUDP } from './reactor-udp.js';
import type { ReactorUNIX } from './reactor-unix.js';
import type { ReactorUNIXDatagram } from './reactor-unix-datagram.js';

/**
 * Delivers readiness, time and system events.
 *
 * A reactor uses Node's own loop, together with timers, promises and files. Its sockets and delayed calls work as soon as they
 * are created; `run` and `stop` frame the life of a program.
 *
 * Each facet is a separate interface. A function that needs only some of them should require just those: `ReactorTCP`, or
 * `Clock & ReactorUDP`.
 */
export interface Reactor
  extends Clock,
    ReactorLife,
    ReactorThreads,
    ReactorTCP,
    ReactorUNIX,
    ReactorUDP,
    ReactorUNIXDatagram,
    ReactorAdoption,
    ReactorProcesses,
    ReactorPipes,
    ReactorNames,
    ReactorDescriptors,
    ReactorIntrospection {}
