/**
 * Compares our parsers with Node's and with http-parser-js over generated messages. Where both accept a message, they must agree
 * about all of it; each kind of refusal by only one of them is listed in deliberate.ts.
 *
 *     HTTP_DIFFERENTIAL=100000 npx vitest run test/protocols/http/differential
 */
import { describe, expect, it } from 'vitest';
import { type Deliberate, type Peer, REQUESTS, RESPONSES } from './deliberate.js';
import { type Random, randomOf, randomRequests, randomResponse } from './messages.js';
import { disagreement, type Outcome } from './outcome.js';
import {
  inASCII,
  NodeServer,
  parseByNodeClient,
  parseByPureParser,
  parseRequests,
  parseResponse,
} from './parsers.js';

const COUNT = Number(process.env.HTTP_DIFFERENTIAL ?? 2000);
const TIMEOUT_MS = 20_000 + COUNT * 20;

interface Contest {
  readonly generate: (random: Random) => Buffer;
  readonly parse: (bytes: Buffer) => Outcome;
  readonly peers: Readonly<Record<Peer, (bytes: Buffer) => Outcome | Promise<Outcome>>>;
  readonly deliberate: Readonly<Record<string, Deliberate>>;
}

/** The first example of each kind of disagreement that is not listed for the peer, and the listed kinds that occurred. */
async function compare(contest: Contest): Promise<{ unlisted: string[]; seen: Set<string> }> {
  const unlisted = new Map<string, string>();
  const seen = new Set<string>();
  for (let seed = 1; seed <= COUNT; seed++) {
    const bytes = contest.generate(randomOf(seed));
    const ours = contest.parse(Buffer.from(bytes));
    for (const peer of ['node', 'insecure', 'pure'] as const) {
      const theirs = await contest.peers[peer](Buffer.from(bytes));
      const kind = disagreement(peer === 'pure' ? inASCII(ours) : ours, theirs);
      if (kind === undefined) continue;
      seen.add(kind);
      if (contest.deliberate[kind]?.peers.includes(peer)) continue;
      const name = `${peer}: ${kind}`;
      if (!unlisted.has(name)) {
        unlisted.set(name, `${name}, seed ${seed}: ${JSON.stringify(bytes.toString('latin1'))}`);
      }
    }
  }
  return { unlisted: [...unlisted.values()], seen };
}

const strict = new NodeServer(false);
const insecure = new NodeServer(true);

const CONTESTS: Readonly<Record<string, Contest>> = {
  requests: {
    generate: randomRequests,
    parse: parseRequests,
    peers: {
      node: (bytes) => strict.parse(bytes),
      insecure: (bytes) => insecure.parse(bytes),
      pure: (bytes) => parseByPureParser(bytes, 'REQUEST'),
    },
    deliberate: REQUESTS,
  },
  responses: {
    generate: randomResponse,
    parse: parseResponse,
    peers: {
      node: (bytes) => parseByNodeClient(bytes, false),
      insecure: (bytes) => parseByNodeClient(bytes, true),
      pure: (bytes) => parseByPureParser(bytes, 'RESPONSE'),
    },
    deliberate: RESPONSES,
  },
};

describe.each(Object.entries(CONTESTS))('generated %s', (_name, contest) => {
  it(
    'differ from other parsers only where that is deliberate',
    async () => {
      const { unlisted, seen } = await compare(contest);
      expect(unlisted).toEqual([]);
      // Otherwise the messages exercise nothing.
      expect(seen.size).toBeGreaterThan(15);
    },
    TIMEOUT_MS,
  );
});

describe('the comparison', () => {
  const bytes = Buffer.from(
    'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\nX: 1\r\n\r\n',
  );
  const ours = parseRequests(bytes);

  it('reads whole messages in each parser', async () => {
    expect(ours.messages).toEqual([
      {
        start: 'POST /',
        version: '1.1',
        fields: ['Host', 'a', 'Transfer-Encoding', 'chunked'],
        content: 'a',
        trailers: ['X', '1'],
      },
    ]);
    for (const theirs of [
      await strict.parse(bytes),
      await insecure.parse(bytes),
      parseByPureParser(bytes, 'REQUEST'),
    ]) {
      expect(theirs.messages).toEqual(ours.messages);
      expect(disagreement(ours, theirs)).toBeUndefined();
    }
    const response = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na');
    const read = parseResponse(response).messages;
    expect(read.length).toBe(1);
    expect((await parseByNodeClient(response, false)).messages).toEqual(read);
    expect(parseByPureParser(response, 'RESPONSE').messages).toEqual(read);
  });

  it('finds each part that differs, and refusals by one side', () => {
    const [message] = ours.messages;
    if (message === undefined) throw new Error('no message');
    const other = (change: object): Outcome => ({
      messages: [{ ...message, ...change }],
      refusal: undefined,
    });
    expect(disagreement(ours, other({ start: 'GET /' }))).toBe('different: start');
    expect(disagreement(ours, other({ content: '' }))).toBe('different: content');
    expect(disagreement(ours, other({ fields: [] }))).toBe('different: fields');
    expect(disagreement(ours, other({ trailers: [] }))).toBe('different: trailers');
    expect(disagreement(ours, { messages: [], refusal: 'CODE' })).toBe('looser: CODE');
    expect(disagreement({ messages: [], refusal: 'rule' }, ours)).toBe('stricter: rule');
  });
});
