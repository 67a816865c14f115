/** The entry point `ropewalk/handover`: sockets received from other processes or sent to them. */

export { ConnectionReceiver, ConnectionSender, MAX_UNREAD_BYTES } from './connection-sender.js';
export { connectionsGone } from './connections-gone.js';
export { HandoverError, HandoverProtocolError } from './errors.js';
export { type InheritedSocket, takeInheritedSockets } from './inherited-sockets.js';
export { ListenerOffer, type NamedPorts, offerListeners } from './offer-listeners.js';
export {
  type OpenPort,
  serveUpgradable,
  type UpgradableOptions,
  type UpgradableService,
} from './serve-upgradable.js';
export { type TakeListenersOptions, TakenListeners, takeListeners } from './take-listeners.js';
