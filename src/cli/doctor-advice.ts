/** The system limits that a server with very many connections reaches first, and the commands that raise them. */

/** Limits of Linux; those that can't be read are left out. */
export interface DoctorLimits {
  /** `ulimit -n`: descriptors of this process. */
  readonly openFiles?: number;
  /** The limit up to which the process may raise it itself. */
  readonly openFilesHard?: number;
  /** `fs.nr_open`: the maximum for any process. */
  readonly openFilesMax?: number;
  /** `net.core.somaxconn`: connections that wait for a listener to accept them. */
  readonly acceptQueue?: number;
  /** `net.ipv4.ip_local_port_range`: first and last. */
  readonly localPorts?: readonly number[];
  /** `net.ipv4.tcp_migrate_req`: 1 moves connections that wait at a closing listener to another one of the same port. */
  readonly migrateRequests?: number;
  /** `net.core.rmem_max`: the maximum of `receiveBufferBytes`. */
  readonly receiveBufferBytes?: number;
  /** `net.core.wmem_max`: the maximum of `sendBufferBytes`. */
  readonly sendBufferBytes?: number;
}

export interface DoctorAdvice {
  readonly why: string;
  /** A command, or a sentence. */
  readonly what: string;
}

const MANY_FILES = 1_048_576;
const LONG_QUEUE = 4096;
const MANY_PORTS = 60_000;
const LARGE_BUFFER_BYTES = 4 * 1024 * 1024;

/** Empty for limits that are high enough or unknown. */
export function limitAdvice(limits: DoctorLimits): DoctorAdvice[] {
  const advice: DoctorAdvice[] = [];
  const below = (value: number | undefined, wanted: number): boolean =>
    value !== undefined && value < wanted;
  const add = (why: string, what: string): void => void advice.push({ why, what });
  if (below(limits.openFilesMax, MANY_FILES)) {
    add('more descriptors for any process', `sysctl -w fs.nr_open=${MANY_FILES}`);
  }
  if (below(limits.openFiles, MANY_FILES)) {
    const what = below(limits.openFilesHard, MANY_FILES)
      ? `LimitNOFILE=${MANY_FILES} in the systemd unit, or "* - nofile ${MANY_FILES}" in /etc/security/limits.conf`
      : `ulimit -n ${MANY_FILES}`;
    add('a descriptor for each connection', what);
  }
  if (below(limits.acceptQueue, LONG_QUEUE)) {
    add('bursts of new connections', `sysctl -w net.core.somaxconn=${LONG_QUEUE}`);
  }
  const [first = 0, last = MANY_PORTS] = limits.localPorts ?? [];
  if (last - first + 1 < MANY_PORTS) {
    add(
      'more outgoing connections to one address',
      'sysctl -w net.ipv4.ip_local_port_range="1024 65535"',
    );
  }
  if (limits.migrateRequests === 0) {
    add('workers that share a port and are replaced', 'sysctl -w net.ipv4.tcp_migrate_req=1');
  }
  if (below(limits.receiveBufferBytes, LARGE_BUFFER_BYTES)) {
    add('bursts of datagrams', `sysctl -w net.core.rmem_max=${LARGE_BUFFER_BYTES}`);
  }
  return advice;
}
