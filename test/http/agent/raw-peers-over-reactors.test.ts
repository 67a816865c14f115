/** The agent over each reactor, against peers that the test plays: what they see does not depend on Ropewalk. */
import { describe, expect, it } from 'vitest';
import { Agent, type AgentOptions } from '../../../src/http/index.js';
import { succeed, TCPClientEndpoint } from '../../../src/index.js';
import { contract, type Rig } from '../../support/contract.js';
import { within } from '../../support/deadline.js';
import { HeldResolver, hostAddresses } from '../../support/name-resolvers.js';
import { closedPort, type RawPeer, RawServer } from '../../support/raw-peer.js';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';
const END_OF_HEAD = '\r\n\r\n';
/** More than the buffers of two sockets. */
const HUGE = 32 * 1024 * 1024;
const NOTHING = { connections: 0, idle: 0, connecting: 0, queued: 0, http2: 0, streams: 0 };

interface Scene {
  readonly server: RawServer;
  readonly agent: Agent;
  readonly url: string;
}

async function scene(rig: Rig, options: AgentOptions = {}): Promise<Scene> {
  const server = rig.use(await RawServer.listen());
  const agent = rig.use(new Agent(rig.reactor, options));
  return { server, agent, url: `http://127.0.0.1:${server.port}/` };
}

/** The nth connection, when so many heads of requests have arrived on it. */
async function asked(server: RawServer, index = 0, requests = 1): Promise<RawPeer> {
  const peer = await server.peer(index);
  const heads = (): number => peer.text.split(END_OF_HEAD).length - 1;
  await peer.until(() => heads() >= requests, 'the head of a request');
  return peer;
}

function failure(call: PromiseLike<unknown>): Promise<unknown> {
  const failed = Promise.resolve(call).then(
    () => 'no error',
    (error: unknown) => error,
  );
  return within(failed, 'the end of a request');
}

contract('an agent', (rig) => {
  describe('that connects', () => {
    it('reports a port on which nobody listens, and forgets the attempt', async () => {
      const agent = rig.use(new Agent(rig.reactor));
      const url = `http://127.0.0.1:${await closedPort()}/`;
      expect(await failure(agent.get(url))).toMatchObject({ code: 'ERR_CONNECTION_REFUSED' });
      expect(agent.counts).toEqual(NOTHING);
    });

    it('reports a name that has no address', async () => {
      rig.reactor.installNameResolver({ resolveHostName: () => succeed([]) });
      const agent = rig.use(new Agent(rig.reactor));
      const failed = await failure(agent.get('http://nowhere.example/'));
      expect(failed).toMatchObject({ code: 'ERR_DNS_LOOKUP' });
      expect(agent.counts).toEqual(NOTHING);
    });

    it('uses the address of a name that answers', async () => {
      const { server, agent } = await scene(rig);
      const addresses = hostAddresses('::1', '127.0.0.2', '127.0.0.1');
      rig.reactor.installNameResolver({ resolveHostName: () => succeed(addresses) });
      const text = agent.get(`http://several.example:${server.port}/`).text();
      const peer = await asked(server);
      expect(peer.text).toContain(`Host: several.example:${server.port}\r\n`);
      peer.write(OK);
      expect(await text).toBe('ok');
    });

    it('stops when its time is over, and when its caller gives it up', async () => {
      const resolver = new HeldResolver();
      rig.reactor.installNameResolver(resolver);
      const agent = rig.use(new Agent(rig.reactor, { connectTimeoutMs: 50 }));
      expect(await failure(agent.get('http://slow.example/'))).toMatchObject({
        code: 'ERR_HTTP_RESPONSE_TIMEOUT',
        option: 'connectTimeoutMs',
      });
      const call = agent.get('http://slow.example/', { connectTimeoutMs: 60_000 });
      await resolver.question(1);
      call.cancel();
      expect(await failure(call)).toMatchObject({ code: 'ERR_CANCELLED' });
      expect(resolver.asked.map(({ cancelled }) => cancelled)).toEqual([true, true]);
      expect(agent.counts).toEqual(NOTHING);
    });

    it('reports a server of another protocol in place of TLS', async () => {
      const { server, agent } = await scene(rig);
      const failed = failure(agent.get(`https://127.0.0.1:${server.port}/`));
      const peer = await server.peer();
      await peer.receive(1);
      peer.write('HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n');
      peer.end();
      expect(await failed).toMatchObject({ code: expect.stringMatching(/^ERR_TLS_/) });
      await peer.untilGone();
    });

    it('goes where endpointFor leads', async () => {
      const server = rig.use(await RawServer.listen());
      const urls: string[] = [];
      const agent = rig.use(
        new Agent(rig.reactor, {
          endpointFor: ({ href }) => {
            urls.push(href);
            return new TCPClientEndpoint(rig.reactor, '127.0.0.1', server.port);
          },
        }),
      );
      const texts = ['/a', '/b'].map((path) => agent.get(`http://elsewhere.example${path}`).text());
      for (const index of [0, 1]) (await asked(server, index)).write(OK);
      expect(await Promise.all(texts)).toEqual(['ok', 'ok']);
      expect(urls).toEqual(['http://elsewhere.example/a']);
    });
  });

  describe('whose server closes', () => {
    it('reads content up to the end of a server that keeps its other half open', async () => {
      const { server, agent, url } = await scene(rig);
      const text = agent.get(url).text();
      const peer = await asked(server);
      peer.write('HTTP/1.1 200 OK\r\n\r\nall ');
      peer.write('of it');
      peer.end();
      expect(await text).toBe('all of it');
      await peer.untilGone();
      expect(agent.counts).toEqual(NOTHING);
    });

    it('fails if the end is early, orderly or not', async () => {
      const { server, agent, url } = await scene(rig);
      const begun = ['', 'HTTP/1.1 200', 'HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart'];
      const ends: ((peer: RawPeer) => void)[] = [(peer) => peer.end(), (peer) => peer.reset()];
      let index = 0;
      for (const text of begun) {
        for (const end of ends) {
          const failed = failure(agent.get(url).text());
          const peer = await asked(server, index++);
          if (text !== '') peer.write(text);
          end(peer);
          const { code } = (await failed) as { code: string };
          expect(code).toMatch(/^ERR_(NO_HTTP_RESPONSE|INCOMPLETE_HTTP_MESSAGE|CONNECTION_LOST)$/);
        }
      }
      await rig.turns(3);
      expect(agent.counts).toEqual(NOTHING);
    });

    it('repeats a request once if a kept connection ends without an answer', async () => {
      const { server, agent, url } = await scene(rig);
      for (const end of ['end', 'reset'] as const) {
        const index = server.peers.length;
        const first = agent.get(url).text();
        const kept = await asked(server, index);
        kept.write(OK);
        expect(await first).toBe('ok');
        const second = agent.get(url).text();
        await asked(server, index, 2);
        kept[end]();
        const fresh = await asked(server, index + 1);
        fresh.write(`${OK.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n')}`);
        expect(await second).toBe('ok');
        const third = failure(agent.post(url, { content: 'once' }));
        const other = await asked(server, index + 2);
        other[end]();
        expect(await third).toMatchObject({ code: 'ERR_NO_HTTP_RESPONSE', wasReused: false });
      }
    });

    it('does not use a connection that its server has closed meanwhile', async () => {
      const { server, agent, url } = await scene(rig);
      const first = agent.get(url).text();
      const kept = await asked(server);
      kept.write(OK);
      await first;
      expect(agent.counts.idle).toBe(1);
      kept.end();
      await kept.untilGone();
      const second = agent.post(url, { content: 'x' }).text();
      (await asked(server, 1)).write(OK);
      expect(await second).toBe('ok');
      expect(kept.text.split('POST')).toHaveLength(1);
    });
  });

  describe('whose server sends more than it was asked for', () => {
    it.each([
      ['a second answer', OK.replace('ok', 'no')],
      ['other bytes', 'junk'],
    ])('drops %s with its connection', async (_what, more) => {
      const { server, agent, url } = await scene(rig);
      const first = agent.get(url).text();
      const peer = await asked(server);
      peer.write(OK + more);
      expect(await first).toBe('ok');
      await peer.untilGone();
      const second = agent.get(url).text();
      (await asked(server, 1)).write(OK);
      expect(await second).toBe('ok');
    });

    it('closes an idle connection on which bytes arrive', async () => {
      const { server, agent, url } = await scene(rig);
      const first = agent.get(url).text();
      const peer = await asked(server);
      peer.write(OK);
      await first;
      peer.write(OK);
      await peer.untilGone();
      await rig.turns(2);
      expect(agent.counts).toEqual(NOTHING);
    });
  });

  describe('that sends content', () => {
    it('waits for permission, which a server gives, refuses or ignores', async () => {
      const { server, agent, url } = await scene(rig);
      const put = (continueTimeoutMs: number) =>
        agent.put(url, { content: 'content', continueTimeoutMs });
      const permitted = put(60_000).text();
      const peer = await asked(server);
      expect(peer.text).toMatch(/\r\nExpect: 100-continue\r\n(.*\r\n)*\r\n$/);
      peer.write('HTTP/1.1 100 Continue\r\n\r\n');
      await peer.until(() => peer.text.endsWith('content'), 'the content');
      peer.write(OK.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
      expect(await permitted).toBe('ok');
      const refused = put(60_000);
      const other = await asked(server, 1);
      other.write('HTTP/1.1 417 No\r\nContent-Length: 0\r\n\r\n');
      expect((await refused).status).toBe(417);
      await other.untilGone();
      expect(other.text).not.toContain('content\r\n');
      const ignored = put(20).text();
      const third = await asked(server, 2);
      await third.until(() => third.text.endsWith('content'), 'the content');
      third.write(OK);
      expect(await ignored).toBe('ok');
    });

    it('takes no more pieces than a server that does not read accepts', async () => {
      const { server, agent, url } = await scene(rig, { writeTimeoutMs: 200 });
      let taken = 0;
      let isLeft = false;
      async function* pieces(): AsyncGenerator<Buffer> {
        try {
          for (; taken < HUGE; taken += 65_536) yield Buffer.alloc(65_536, 'x');
        } finally {
          isLeft = true;
        }
      }
      server.server.on('connection', (socket) => void socket.pause());
      const failed = await failure(agent.put(url, { content: pieces() }));
      expect(failed).toMatchObject({ code: 'ERR_HTTP_RESPONSE_TIMEOUT', option: 'writeTimeoutMs' });
      expect(taken).toBeLessThan(HUGE);
      expect(isLeft).toBe(true);
      await rig.turns(2);
      expect(agent.counts).toEqual(NOTHING);
    });

    it('has an answer that comes before the content was sent, which is then left', async () => {
      const { server, agent, url } = await scene(rig);
      let isLeft = false;
      async function* pieces(): AsyncGenerator<Buffer> {
        try {
          for (;;) yield Buffer.alloc(65_536, 'x');
        } finally {
          isLeft = true;
        }
      }
      const call = agent.put(url, { content: pieces() });
      const peer = await asked(server);
      peer.write('HTTP/1.1 413 Large\r\nContent-Length: 5\r\n\r\nlarge');
      const response = await within(call, 'the answer');
      expect([response.status, await response.text()]).toEqual([413, 'large']);
      await peer.until(() => peer.closed || peer.error !== undefined, 'close');
      expect(isLeft).toBe(true);
      await rig.turns(2);
      expect(agent.counts).toEqual(NOTHING);
    });
  });

  it('reads no faster than its caller, whose pause the time limits bound', async () => {
    const { server, agent, url } = await scene(rig, { unreadTimeoutMs: 200 });
    const call = agent.get(url);
    const peer = await asked(server);
    peer.write(`HTTP/1.1 200 OK\r\nContent-Length: ${HUGE}\r\n\r\n`);
    peer.write(Buffer.alloc(HUGE));
    const response = await call;
    await rig.turns(20);
    expect(peer.socket.writableLength).toBeGreaterThan(0);
    await peer.until(() => peer.closed || peer.error !== undefined, 'end');
    expect(await failure(response.bytes(HUGE))).toMatchObject({
      code: 'ERR_HTTP_RESPONSE_TIMEOUT',
      option: 'unreadTimeoutMs',
    });
  });

  it('ends when a server is silent in the head, and in the content', async () => {
    const { server, agent, url } = await scene(rig, { headTimeoutMs: 50, bodyIdleTimeoutMs: 50 });
    const silent = failure(agent.get(url));
    const peer = await asked(server);
    expect(await silent).toMatchObject({ option: 'headTimeoutMs' });
    await peer.untilGone();
    const stuck = failure(agent.get(url).bytes());
    (await asked(server, 1)).write('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\npart');
    expect(await stuck).toMatchObject({ option: 'bodyIdleTimeoutMs' });
  });
});
