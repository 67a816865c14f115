/**
 * Publishes connections to `node:diagnostics_channel`, at no cost without subscribers. The first two are the channels
 * that Node's own `net` publishes to, with the same message shape.
 *
 * | channel | message | when |
 * |---|---|---|
 * | `net.server.socket` | `{ socket: Transport }` | a connection was accepted |
 * | `net.client.socket` | `{ socket: Transport }` | a connection was made |
 * | `ropewalk.connection.lost` | `{ transport, reason }` | a connection ended and `connectionLost` was called |
 * | `ropewalk.tls.handshake` | `{ transport, tls: TLSConnection }` | a TLS handshake was completed |
 * | `ropewalk.reactor` | `{ reactor }` | `createReactor` made a reactor |
 */
import { type Channel, channel } from 'node:diagnostics_channel';

export const serverSocketChannel: Channel = channel('net.server.socket');
export const clientSocketChannel: Channel = channel('net.client.socket');
export const connectionLostChannel: Channel = channel('ropewalk.connection.lost');
export const tlsHandshakeChannel: Channel = channel('ropewalk.tls.handshake');
export const reactorChannel: Channel = channel('ropewalk.reactor');
