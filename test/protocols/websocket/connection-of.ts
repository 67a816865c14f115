/** A connection with a codec of its own. */
import {
  type WebSocketCodecOptions,
  WebSocketCodecs,
} from '../../../src/protocols/websocket/codec.js';
import { WebSocketConnection } from '../../../src/protocols/websocket/connection.js';
import type { PermessageDeflateParameters } from '../../../src/protocols/websocket/permessage-deflate.js';

export interface ConnectionOptions extends WebSocketCodecOptions {
  readonly sink: (bytes: Uint8Array) => unknown;
  readonly deflate?: PermessageDeflateParameters | undefined;
}

export function connectionOf({ sink, deflate, ...codec }: ConnectionOptions): WebSocketConnection {
  return new WebSocketConnection(new WebSocketCodecs(codec).codec(deflate), { write: sink });
}
