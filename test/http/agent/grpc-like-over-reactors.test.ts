/** Streams in the manner of gRPC: messages with a length in front in both directions of one request, and a status in trailers. */
import { once } from 'node:events';
import { createServer, type ServerHttp2Session, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { Deferred } from '../../../src/defer/deferred.js';
import { Agent, type AgentResponse } from '../../../src/http/index.js';
import { contract, type Rig } from '../../support/contract.js';
import { within } from '../../support/deadline.js';

/** A byte for the compression, and the length in 4 bytes. */
const PREFIX_BYTES = 5;
const FIELDS = { 'Content-Type': 'application/grpc', TE: 'trailers' };

function framed(text: string): Buffer {
  const prefix = Buffer.alloc(PREFIX_BYTES);
  prefix.writeUInt32BE(Buffer.byteLength(text), 1);
  return Buffer.concat([prefix, Buffer.from(text)]);
}

/** The messages in a stream of bytes, whatever its pieces are. */
async function* messagesIn(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  let bytes = Buffer.alloc(0);
  for await (const piece of pieces) {
    bytes = Buffer.concat([bytes, piece]);
    while (bytes.length >= PREFIX_BYTES) {
      const end = PREFIX_BYTES + bytes.readUInt32BE(1);
      if (bytes.length < end) break;
      yield bytes.toString('utf8', PREFIX_BYTES, end);
      bytes = bytes.subarray(end);
    }
  }
  expect(bytes.length).toBe(0);
}

/** The messages of a client, which sends each when it wants to. */
class Outbox implements AsyncIterable<Buffer> {
  readonly #messages: Buffer[] = [];
  #waiting: Deferred<void> | undefined;
  #isClosed = false;

  send(text: string): void {
    this.#messages.push(framed(text));
    this.#wake();
  }

  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const next = this.#messages.shift();
      if (next !== undefined) yield next;
      else if (this.#isClosed) return;
      else {
        this.#waiting = new Deferred();
        await this.#waiting;
      }
    }
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.callback();
  }
}

async function chat(stream: ServerHttp2Stream, path: string): Promise<void> {
  stream.on('error', () => {});
  if (path === '/chat.Chat/Refuse') {
    const status = { 'grpc-status': '7', 'grpc-message': 'no' };
    stream.respond({ ':status': 200, 'content-type': 'application/grpc', ...status });
    stream.end();
    return;
  }
  stream.respond({ ':status': 200, 'content-type': 'application/grpc' }, { waitForTrailers: true });
  let count = 0;
  stream.on('wantTrailers', () =>
    stream.sendTrailers({ 'grpc-status': '0', 'x-count': `${count}` }),
  );
  for await (const text of messagesIn(stream)) {
    count += 1;
    // In two pieces, which cut the prefix.
    const answer = framed(`answer to ${text}`);
    stream.write(answer.subarray(0, 3));
    stream.write(answer.subarray(3));
  }
  stream.end();
}

async function agentOf(rig: Rig): Promise<Agent> {
  const server = createServer();
  const sessions: ServerHttp2Session[] = [];
  server.on('session', (session) => sessions.push(session));
  server.on('stream', (stream, headers) => void chat(stream, String(headers[':path'])));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  rig.use({
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  });
  const baseURL = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return rig.use(new Agent(rig.reactor, { http2: 'prior-knowledge', baseURL }));
}

async function call(agent: Agent, method: string, content: Outbox): Promise<AgentResponse> {
  const path = `/chat.Chat/${method}`;
  return within(agent.post(path, { content, fields: FIELDS }), `the head of ${method}`);
}

contract('streams in the manner of gRPC', (rig) => {
  it('have messages in both directions at the same time, and a status in trailers', async () => {
    const outbox = new Outbox();
    const response = await call(await agentOf(rig), 'Talk', outbox);
    expect(response.field('content-type')).toBe('application/grpc');
    const answers = messagesIn(response);
    const next = async (): Promise<unknown> => (await within(answers.next(), 'an answer')).value;
    for (let number = 1; number <= 20; number++) {
      // Each message depends on the answer to the one before.
      outbox.send(`message ${number}`);
      expect(await next()).toBe(`answer to message ${number}`);
    }
    const long = 'ä'.repeat(200_000);
    outbox.send(long);
    outbox.send('');
    expect(await next()).toBe(`answer to ${long}`);
    expect(await next()).toBe('answer to ');
    outbox.close();
    expect(await next()).toBeUndefined();
    const { trailers } = response;
    expect([trailers?.field('grpc-status'), trailers?.field('x-count')]).toEqual(['0', '22']);
  });

  it('share a connection, and each has its own order', async () => {
    const agent = await agentOf(rig);
    const outboxes = Array.from({ length: 10 }, () => new Outbox());
    const responses = await Promise.all(outboxes.map((outbox) => call(agent, 'Talk', outbox)));
    const received = responses.map(async (response) => {
      const texts: string[] = [];
      for await (const text of messagesIn(response)) texts.push(text);
      return texts;
    });
    for (let number = 0; number < 10; number++) {
      for (const [at, outbox] of outboxes.entries()) outbox.send(`${at}.${number}`);
    }
    for (const outbox of outboxes) outbox.close();
    const all = await within(Promise.all(received), 'all answers');
    expect(all).toEqual(
      outboxes.map((_, at) => Array.from({ length: 10 }, (_n, n) => `answer to ${at}.${n}`)),
    );
    expect(agent.counts).toMatchObject({ connections: 1, streams: 0 });
  });

  it('can be refused by a head alone, before the client has sent its messages', async () => {
    const outbox = new Outbox();
    const agent = await agentOf(rig);
    const response = await call(agent, 'Refuse', outbox);
    expect([response.field('grpc-status'), response.field('grpc-message')]).toEqual(['7', 'no']);
    expect(await response.bytes()).toHaveLength(0);
    outbox.close();
    const again = new Outbox();
    again.send('still there');
    again.close();
    const [text] = await within(firstOf(await call(agent, 'Talk', again)), 'an answer');
    expect([text, agent.counts.connections]).toEqual(['answer to still there', 1]);
  });
});

async function firstOf(response: AgentResponse): Promise<string[]> {
  const texts: string[] = [];
  for await (const text of messagesIn(response)) texts.push(text);
  return texts;
}
