/** Types of endpoint strings: the built-in ones, and those that an application or library adds. */
import type { Clock } from '../core/clock.js';
import type { ReactorAdoption } from '../core/reactor-adoption.js';
import type { ReactorPipes } from '../core/reactor-pipes.js';
import type { ReactorProcesses } from '../core/reactor-processes.js';
import type { ReactorTCP } from '../core/reactor-tcp.js';
import type { ReactorUNIX } from '../core/reactor-unix.js';
import type { StreamClientEndpoint, StreamServerEndpoint } from '../core/stream-endpoint.js';
import type { EndpointArguments } from './endpoint-arguments.js';

/** The facets of a reactor that endpoint strings may use. */
export type EndpointReactor = Clock &
  ReactorTCP &
  ReactorUNIX &
  ReactorAdoption &
  ReactorPipes &
  ReactorProcesses;

/** The reactor of an endpoint, and the parser for endpoints within it. */
export interface EndpointContext<Endpoint> {
  readonly reactor: EndpointReactor;
  /**
   * The endpoint of an argument that is itself an endpoint string of the same side, parsed with the same types.
   * @throws InvalidEndpointError
   */
  parse(text: string): Endpoint;
}

/**
 * A type of endpoint strings: `prefix:arguments`. It has at least one of the two methods.
 *
 * @example
 * // loopback:PORT connects to this machine.
 * const loopback: EndpointType = {
 *   prefix: 'loopback',
 *   client(args, { reactor }) {
 *     return new HostnameEndpoint(reactor, 'localhost', args.bind(['port']).integer('port', 0, 65_535));
 *   },
 * };
 * clientFromString(reactor, 'loopback:8080', { types: [loopback] });
 */
export interface EndpointType {
  /** Compared without regard to case. A type of the caller takes precedence over a built-in one. */
  readonly prefix: string;
  /** Errors about arguments that this throws become an InvalidEndpointError with the whole string. */
  client?(
    args: EndpointArguments,
    context: EndpointContext<StreamClientEndpoint>,
  ): StreamClientEndpoint;
  server?(
    args: EndpointArguments,
    context: EndpointContext<StreamServerEndpoint>,
  ): StreamServerEndpoint;
}
