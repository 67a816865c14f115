/** npm's `ws` without sockets: its receiver, sender and permessage-deflate as oracles. They have no published types. */
import type { PermessageDeflateParameters } from '../../../src/protocols/websocket/permessage-deflate.js';

export interface WsDeflate {
  offer(): object;
  accept(configurations: Record<string, unknown[]>[]): unknown;
  cleanup(): void;
}

interface WsReceiver {
  on(event: string, listener: (...args: never[]) => void): void;
  _write(chunk: Buffer, encoding: string, done: (error?: Error) => void): void;
}

interface WsSender {
  send(data: unknown, options: object, done: () => void): void;
  close(code: number | undefined, data: string | undefined, mask: boolean, done: () => void): void;
  ping(data: unknown, mask: boolean, done: () => void): void;
}

const { Receiver, Sender, PerMessageDeflate, extension } = (await import(
  'ws' as string
)) as unknown as {
  Receiver: new (options: object) => WsReceiver;
  Sender: new (socket: object, extensions: object) => WsSender;
  PerMessageDeflate: new (options: object) => WsDeflate;
  extension: {
    parse(field: string): Record<string, Record<string, unknown[]>[]>;
    format(extensions: object): string;
  };
};

/** All events as `readAll` of frames.ts shows them, but errors as `error 1002`. */
export async function readWithWs(
  chunks: readonly Buffer[],
  options: { isServer: boolean; maxPayload?: number; maxFragments?: number; deflate?: WsDeflate },
): Promise<string[]> {
  const { deflate, ...rest } = options;
  const receiver = new Receiver({
    ...rest,
    ...(deflate === undefined ? {} : { extensions: { 'permessage-deflate': deflate } }),
  });
  const events: string[] = [];
  receiver.on('message', (data: Buffer, isBinary: boolean) => {
    events.push(isBinary ? `binary ${data.toString('hex')}` : `text ${JSON.stringify(`${data}`)}`);
  });
  receiver.on('ping', (data: Buffer) => events.push(`ping ${data.toString('hex')}`));
  receiver.on('pong', (data: Buffer) => events.push(`pong ${data.toString('hex')}`));
  let closed = false;
  receiver.on('conclude', (code: number, reason: Buffer) => {
    closed = true;
    events.push(`close ${code} ${JSON.stringify(`${reason}`)}`);
  });
  for (const chunk of chunks) {
    if (closed) break;
    const error = await new Promise<Error | undefined>((done) => {
      receiver._write(Buffer.from(chunk), 'buffer', done);
    });
    if (error === undefined || error === null) continue;
    events.push(`error ${statusOf(error)}`);
    break;
  }
  return events;
}

function statusOf(error: Error): number {
  const symbol = Object.getOwnPropertySymbols(error).find((each) => /status/i.test(String(each)));
  if (symbol === undefined) throw error;
  return (error as unknown as Record<symbol, number>)[symbol] as number;
}

/** The bytes that `ws` sends. */
export async function sendWithWs(
  deflate: WsDeflate | undefined,
  act: (sender: WsSender) => Promise<void>,
): Promise<Buffer> {
  const written: Buffer[] = [];
  const socket = {
    write: (data: Buffer | string, done?: () => void): void => {
      written.push(Buffer.from(data as string));
      done?.();
    },
    cork: () => {},
    uncork: () => {},
    destroyed: false,
  };
  await act(new Sender(socket, deflate === undefined ? {} : { 'permessage-deflate': deflate }));
  return Buffer.concat(written);
}

/** permessage-deflate of `ws` for these parameters. */
export function wsDeflate(parameters: PermessageDeflateParameters, isServer: boolean): WsDeflate {
  const { serverNoContextTakeover, clientNoContextTakeover } = parameters;
  const { serverMaxWindowBits, clientMaxWindowBits } = parameters;
  const deflate = new PerMessageDeflate({
    isServer,
    serverNoContextTakeover,
    clientNoContextTakeover,
    serverMaxWindowBits,
    clientMaxWindowBits,
    threshold: 0,
  });
  const wire: Record<string, unknown[]> = {
    server_max_window_bits: [`${serverMaxWindowBits}`],
    client_max_window_bits: [`${clientMaxWindowBits}`],
    ...(serverNoContextTakeover ? { server_no_context_takeover: [true] } : {}),
    ...(clientNoContextTakeover ? { client_no_context_takeover: [true] } : {}),
  };
  deflate.accept([wire]);
  return deflate;
}

const NAME = 'permessage-deflate';

/** The answer of a server with `ws` to an offer; undefined if it declines. */
export function answerOfWs(offer: string, options: object): string | undefined {
  const deflate = new PerMessageDeflate({ isServer: true, ...options });
  try {
    return extension.format({ [NAME]: deflate.accept(extension.parse(offer)[NAME] ?? []) });
  } catch {
    return undefined;
  }
}

/** Whether a client with `ws` accepts the answer that `answerTo` gives to its offer. */
export function wsAccepts(
  options: object,
  answerTo: (offer: string) => string | undefined,
): boolean {
  const deflate = new PerMessageDeflate({ isServer: false, ...options });
  const answer = answerTo(extension.format({ [NAME]: deflate.offer() }));
  if (answer === undefined) return false;
  deflate.accept(extension.parse(answer)[NAME] ?? []);
  return true;
}
