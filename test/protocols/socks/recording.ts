/** The events that a side of SOCKS reads, as text, with every question answered. */
import { RopewalkError } from '../../../src/core/errors/base.js';
import {
  SocksClientConnection,
  type SocksClientRequest,
  SocksServerConnection,
} from '../../../src/protocols/socks/connection.js';
import { readSocksDatagram } from '../../../src/protocols/socks/datagrams.js';
import { InvalidSocksMessageError } from '../../../src/protocols/socks/errors.js';
import { NO_AUTHENTICATION, USERNAME_PASSWORD } from '../../../src/protocols/socks/events.js';

/** Chunks are overwritten after they were received, as lent bytes are. */
export function serverEvents(chunks: readonly Buffer[], withPassword = false): string[] {
  const connection = new SocksServerConnection();
  const lines: string[] = [];
  const method = withPassword ? USERNAME_PASSWORD : NO_AUTHENTICATION;
  const take = (): void => {
    for (let event = connection.next(); event !== undefined; event = connection.next()) {
      lines.push(JSON.stringify(event));
      let answer: Buffer;
      if (event.type === 'greeting') {
        answer = connection.selectMethod(event.methods.includes(method) ? method : undefined);
      } else if (event.type === 'credentials') {
        answer = connection.authenticated(event.password !== 'wrong');
      } else answer = connection.reply('succeeded', { host: '192.0.2.1', port: 258 });
      lines.push(answer.toString('hex'));
    }
  };
  try {
    receiveAll(chunks, connection, take);
    lines.push(`rest ${connection.takeRest().toString('hex')}`, connection.state);
  } catch (error) {
    if (!(error instanceof InvalidSocksMessageError)) throw error;
    lines.push(error.message, connection.refusal(error)?.toString('hex') ?? 'no answer');
  }
  return lines;
}

export function clientEvents(chunks: readonly Buffer[], request: SocksClientRequest): string[] {
  const connection = new SocksClientConnection(request);
  const lines = [connection.begin().toString('hex')];
  const take = (): void => {
    for (let event = connection.next(); event !== undefined; event = connection.next()) {
      lines.push(event.type === 'send' ? event.bytes.toString('hex') : JSON.stringify(event));
    }
  };
  try {
    receiveAll(chunks, connection, take);
    lines.push(`rest ${connection.takeRest().toString('hex')}`, connection.state);
  } catch (error) {
    if (!(error instanceof InvalidSocksMessageError)) throw error;
    lines.push(error.message);
  }
  return lines;
}

/** Reads arbitrary bytes in every role. Throws if it fails with an error that is not one of SOCKS. */
export function readEverywhere(chunks: readonly Buffer[]): string[][] {
  const copies = (): Buffer[] => chunks.map((chunk) => Buffer.from(chunk));
  const destination = { host: 'example.com', port: 80 };
  const user = { username: 'alice', password: 'secret' };
  try {
    readSocksDatagram(Buffer.concat(chunks));
  } catch (error) {
    if (!(error instanceof RopewalkError)) throw error;
  }
  return [
    serverEvents(copies()),
    serverEvents(copies(), true),
    clientEvents(copies(), { ...destination, ...user }),
    clientEvents(copies(), { ...destination, command: 'bind' }),
    clientEvents(copies(), { ...destination, version: 4, command: 'bind' }),
  ];
}

function receiveAll(
  chunks: readonly Buffer[],
  connection: { receive(chunk: Buffer): void },
  take: () => void,
): void {
  for (const chunk of chunks) {
    connection.receive(chunk);
    take();
    chunk.fill(0xdb);
  }
}
