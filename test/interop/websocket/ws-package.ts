/** The parts of the npm package ws that tests use: it has no types of its own. */
interface Endpoint {
  on(event: 'error', listener: (error: Error) => void): this;
}

export interface WsSocket extends Endpoint {
  readonly extensions: string;
  readonly protocol: string;
  on(event: 'open', listener: () => void): this;
  on(event: 'message', listener: (data: Buffer, isBinary: boolean) => void): this;
  on(event: 'pong', listener: (payload: Buffer) => void): this;
  on(event: 'close', listener: (code: number, reason: Buffer) => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  send(data: string | Uint8Array, options?: { binary?: boolean; fin?: boolean }): void;
  ping(payload: string): void;
  close(code?: number, reason?: string): void;
}

export interface WsServer extends Endpoint {
  on(event: 'connection', listener: (socket: WsSocket) => void): this;
  on(event: 'listening', listener: () => void): this;
  on(event: 'error', listener: (error: Error) => void): this;
  address(): { readonly port: number };
  close(done: () => void): void;
  readonly clients: Iterable<{ terminate(): void }>;
}

export interface WsOptions {
  readonly perMessageDeflate?: boolean | object;
}

interface Package {
  readonly WebSocket: new (url: string, protocols: string[], options: WsOptions) => WsSocket;
  readonly WebSocketServer: new (
    options: WsOptions & {
      host: string;
      port: number;
      handleProtocols?: (offered: Set<string>) => string | false;
    },
  ) => WsServer;
}

const found = (await import('ws' as string)) as Package;
export const { WebSocket: WsClient, WebSocketServer } = found;
