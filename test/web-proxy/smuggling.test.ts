/**
 * Generated requests and responses, valid, malformed and ambiguous, through both proxies: the server receives exactly the requests that this
 * package's parser accepts, as Node's parser reads them, and the client exactly one response for each.
 *
 *     PROXY_DIFFERENTIAL=20000 npx vitest run test/web-proxy/smuggling.test.ts
 */
import { describe, expect, it } from 'vitest';
import { HTTPFactory } from '../../src/http/index.js';
import { Logger } from '../../src/logger/index.js';
import { MemoryReactor, MemoryTransport } from '../../src/testing/index.js';
import { ForwardProxy } from '../../src/web-proxy/index.js';
import { later } from '../http/client/memory-servers.js';
import { get } from '../http/served.js';
import {
  randomOf,
  randomRequests,
  randomResponse,
} from '../protocols/http/differential/messages.js';
import type { ParsedMessage } from '../protocols/http/differential/outcome.js';
import {
  NodeServer,
  parseByNodeClient,
  parseRequests,
  parseResponse,
} from '../protocols/http/differential/parsers.js';
import { Proxied } from './proxied.js';

const COUNT = Number(process.env.PROXY_DIFFERENTIAL ?? 150);
const TIMEOUT_MS = 30_000 + COUNT * 50;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';
const node = new NodeServer(false);

/** The request that the server has to receive: method, target in origin form, and content. */
function expected({ start, content }: ParsedMessage): string {
  const [method = '', target = ''] = start.split(' ');
  const origin = /^[a-z][a-z0-9+.-]*:\/\/[^/?]*(.*)$/i.exec(target)?.[1];
  if (origin === undefined) return JSON.stringify([method, target, content]);
  const asterisk = origin === '' && method === 'OPTIONS';
  const path = asterisk ? '*' : origin.startsWith('/') ? origin : `/${origin}`;
  return JSON.stringify([method, path, content]);
}

function received({ start, content }: ParsedMessage): string {
  const [method = '', target = ''] = start.split(' ');
  return JSON.stringify([method, target, content]);
}

/** Node knows a list of methods only. */
const UNKNOWN_METHOD = /^(?:HPE_INVALID_METHOD|HPE_INVALID_VERSION)$/;

/** The complete requests that a server received, as Node reads them. The last of a connection may be incomplete, and none malformed. */
async function requestsIn(connections: readonly Buffer[], seed: number): Promise<string[]> {
  const seen: string[] = [];
  for (const bytes of connections) {
    const ours = parseRequests(Buffer.from(bytes));
    const theirs = await node.parse(Buffer.from(bytes));
    const { refusal = 'incomplete' } = theirs;
    const isMethod = UNKNOWN_METHOD.test(refusal) && /^(?!GET|POST|PUT|HEAD)/m.test(String(bytes));
    const why = `seed ${seed}: ${bytes.toString('latin1')}`;
    if (!isMethod) expect(refusal, why).toMatch(/^(?:incomplete|HPE_INVALID_EOF_STATE)$/);
    expect(ours.refusal ?? 'incomplete', why).toBe('incomplete');
    seen.push(...(isMethod ? ours : theirs).messages.map(received));
  }
  return seen;
}

/** Answers each complete request of each connection, until there are no more, and returns the bytes of each connection. */
async function serve(
  connections: () => readonly MemoryTransport[],
  turn: () => Promise<void>,
): Promise<Buffer[]> {
  const bytes: Buffer[] = [];
  const answered: number[] = [];
  for (let idle = 0; idle < 3; idle++) {
    await turn();
    for (const [index, transport] of connections().entries()) {
      const more = transport.takeWritten();
      bytes[index] = Buffer.concat([bytes[index] ?? Buffer.alloc(0), more]);
      const complete = parseRequests(Buffer.from(bytes[index])).messages.length;
      for (let done = answered[index] ?? 0; done < complete; done++) {
        if (transport.connected) transport.receive(OK);
        idle = 0;
      }
      answered[index] = complete;
      transport.settle();
    }
  }
  return bytes;
}

describe('requests of the differential corpus', () => {
  it(
    'reach the backend of a reverse proxy as what they are',
    async () => {
      for (let seed = 1; seed <= COUNT; seed++) {
        const text = randomRequests(randomOf(seed));
        const proxied = new Proxied({ maxAttempts: 1 });
        proxied.client.receive(text);
        const bytes = await serve(
          () => proxied.backend.connections.map(({ transport }) => transport),
          async () => {
            proxied.client.settle();
            for (const { transport } of proxied.backend.connections) transport.settle();
            proxied.advance(1_000);
          },
        );
        const wanted = parseRequests(Buffer.from(text))
          .messages.filter(({ start }) => !/^(?:TRACE|CONNECT) /.test(start))
          .map(expected);
        const seen = await requestsIn(bytes, seed);
        expect(seen, `seed ${seed}: ${JSON.stringify(text.toString('latin1'))}`).toEqual(wanted);
      }
    },
    TIMEOUT_MS,
  );

  it(
    'reach the servers of a forward proxy as what they are',
    async () => {
      for (let seed = 1; seed <= COUNT; seed++) {
        const text = randomRequests(randomOf(seed));
        const reactor = new MemoryReactor();
        const logger = new Logger({ namespace: 'web-proxy', observer: () => {} });
        const proxy = new ForwardProxy(reactor, {
          via: null,
          logger,
          ports: 'any',
          maxQueuedRequests: 9,
        });
        const { nameResolver } = reactor;
        reactor.installNameResolver({
          resolveHostName: () => nameResolver.resolveHostName('93.184.216.34'),
        });
        const client = new MemoryTransport();
        client.connect(new HTTPFactory(reactor, proxy.handler).buildProtocol());
        client.receive(text);
        const servers: MemoryTransport[] = [];
        const bytes = await serve(
          () => servers,
          async () => {
            for (let turn = 0; turn < 3; turn++) {
              await later();
              client.settle();
              reactor.advance(400);
              for (const attempt of reactor.tcpClients.slice(servers.length)) {
                servers.push(attempt.accept());
              }
              for (const server of servers) server.settle();
            }
          },
        );
        const accepted = parseRequests(Buffer.from(text)).messages;
        const wanted = accepted
          .filter(({ start }) => /^(?!TRACE|CONNECT)[^ ]+ http:\/\//i.test(start))
          .map(expected);
        const seen = await requestsIn(bytes, seed);
        expect(seen, `seed ${seed}: ${JSON.stringify(text.toString('latin1'))}`).toEqual(wanted);
      }
    },
    TIMEOUT_MS,
  );
});

describe('responses of the differential corpus', () => {
  it(
    'reach the client as one response, or as an error',
    async () => {
      for (let seed = 1; seed <= COUNT; seed++) {
        const text = randomResponse(randomOf(seed));
        const proxied = new Proxied({ maxAttempts: 1 });
        proxied.ask(get('/'));
        const { last } = proxied.backend;
        last.answer(text);
        if (last.transport.connected) last.close();
        proxied.client.settle();
        const seen = proxied.client.takeWritten();
        const ours = parseResponse(Buffer.from(text));
        const final = ours.messages.find(({ start }) => !start.startsWith('1'));
        const theirs = await parseByNodeClient(Buffer.from(seen), false);
        const message = `seed ${seed}: ${JSON.stringify(text.toString('latin1'))} became ${JSON.stringify(seen.toString('latin1'))}`;
        const got = theirs.messages.filter(({ start }) => !start.startsWith('1'));
        if (final === undefined) {
          // An answer of the proxy, or a response that broke off.
          expect(
            got.every(({ start }) => /^50[24] /.test(start)),
            message,
          ).toBe(true);
        } else {
          expect(got.length, message).toBe(1);
          expect(got[0]?.start.slice(0, 3), message).toBe(final.start.slice(0, 3));
          expect(got[0]?.content, message).toBe(final.content);
          expect(got[0]?.trailers.length, message).toBe(final.trailers.length);
        }
      }
    },
    TIMEOUT_MS,
  );
});
