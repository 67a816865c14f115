/** TCP over Node's own sockets. */
import { addressFrom } from '../../core/address.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import {
  type ConnectSettings,
  DEFAULT_BACKLOG,
  type ListenSettings,
} from '../streams/tcp-settings.js';
import type { TCPSockets } from '../streams/tcp-sockets.js';
import { NodeDial } from './dial.js';
import { listenTCP } from './listen.js';
import { NodeListenSocket } from './listen-socket.js';
import { canReusePort, setsBacklog } from './net-handle.js';
import type { NodeSockets } from './sockets.js';

export function nodeTCP(sockets: NodeSockets): TCPSockets {
  return {
    checkSupported: (settings) => refuse(refusals(settings)),
    listen: (settings, port) => new NodeListenSocket(sockets, listenTCP(settings), settings, port),
    dial: (address, port, settings, owner, listener) => {
      const { localAddress, localPort } = settings;
      const destination = {
        host: address,
        port,
        autoSelectFamily: false,
        ...(localAddress !== undefined && { localAddress }),
        ...(localPort !== 0 && { localPort }),
      };
      const peer = addressFrom('TCP', address, port);
      return sockets.runAtRoot(
        () => new NodeDial(sockets, peer, destination, settings, owner, listener),
      );
    },
  };
}

/** @throws UnsupportedError */
function refuse(options: readonly (readonly [string, boolean])[]): void {
  const asked = options.find(([, wanted]) => wanted);
  if (asked !== undefined) throw new UnsupportedError(asked[0], 'Node cannot set it');
}

/** Names of options that Node can't set, and whether each was asked for. */
function refusals(settings: ListenSettings | ConnectSettings): [string, boolean][] {
  const common: [string, boolean][] = [
    ['keepAlive.intervalMs', settings.keepAliveIntervalSeconds !== undefined],
    ['keepAlive.count', settings.keepAliveCount !== undefined],
    ['lingerSeconds', settings.lingerSeconds !== undefined],
    ['sendBufferBytes', settings.sendBufferBytes !== undefined],
    ['receiveBufferBytes', settings.receiveBufferBytes !== undefined],
    ['userTimeoutMs', settings.userTimeoutMs !== undefined],
  ];
  if ('fastOpen' in settings) return [...common, ['fastOpen', settings.fastOpen]];
  return [
    ...common,
    ['backlog', settings.backlog !== DEFAULT_BACKLOG && !setsBacklog],
    ['reuseAddress', !settings.reuseAddress],
    ['reusePort', settings.reusePort && !canReusePort()],
    ['fastOpenQueue', settings.fastOpenQueue !== undefined],
    ['deferAcceptMs', settings.deferAcceptSeconds !== undefined],
  ];
}
