/** UNIX sockets, and named pipes on Windows, over Node's own. */
import { UNIXAddress } from '../../core/address.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import { DEFAULT_BACKLOG } from '../streams/tcp-settings.js';
import type { UNIXSettings } from '../streams/unix-settings.js';
import type { UNIXSockets } from '../streams/unix-sockets.js';
import { NodeDial } from './dial.js';
import { listenUNIX } from './listen.js';
import { NodeListenSocket } from './listen-socket.js';
import { keepsAbstractNames, setsBacklog } from './net-handle.js';
import type { NodeSockets } from './sockets.js';

export function nodeUNIX(sockets: NodeSockets): UNIXSockets {
  return {
    checkSupported,
    listen: (settings, port) =>
      new NodeListenSocket(sockets, listenUNIX(settings), undefined, port),
    dial: ({ path }, owner, listener) => {
      const peer = new UNIXAddress(path);
      return sockets.runAtRoot(
        () => new NodeDial(sockets, peer, { path }, undefined, owner, listener),
      );
    },
  };
}

/** @throws UnsupportedError */
function checkSupported(settings: UNIXSettings & { backlog?: number }): void {
  const { backlog = DEFAULT_BACKLOG } = settings;
  if (backlog !== DEFAULT_BACKLOG && !setsBacklog) {
    throw new UnsupportedError('backlog', 'this engine uses its own');
  }
  if (settings.sendBufferBytes !== undefined) {
    throw new UnsupportedError('sendBufferBytes', 'Node cannot set it');
  }
  if (settings.path.startsWith('\0') && !keepsAbstractNames()) {
    throw new UnsupportedError('an abstract name', 'this Node or system has none, or pads them');
  }
}
