// Requests through sessions in memory and through a guard, over a transport in memory, against the resource alone.
//
//     npx tsx bench/micro/web/state.bench.ts [--rounds N] [--quick]

import { MemoryChecker, Portal } from '../../../src/cred/index.js';
import { HTTPFactory } from '../../../src/http/index.js';
import { ManualClock, MemoryTransport } from '../../../src/testing/index.js';
import {
  basicScheme,
  contextKey,
  MemorySessionStore,
  type Resource,
  Site,
  sessionKey,
  sessionOf,
  withGuard,
  withSessions,
} from '../../../src/web/index.js';
import type { Effort, Figures, MicroBench } from '../../harness/micro/bench.js';
import { runAlone } from '../../harness/micro/command.js';
import { expectSame, nsPerOperation } from '../../harness/micro/timing.js';

const HELLO = 'Hello, World!';
const BATCH = 200;
const COUNT = sessionKey<number>('count');
const CART = sessionKey<object>('cart');
const clock = new ManualClock();
const cart = { items: Array.from({ length: 20 }, (_, id) => ({ id, name: `item ${id}` })) };

/** A resource, and fields of its requests that depend on a first answer. */
interface Contender {
  readonly root: Resource;
  readonly fields: (first: string) => string;
}

async function settled(transport: MemoryTransport): Promise<string> {
  let written = '';
  for (let turn = 0; !written.includes(HELLO); turn++) {
    if (turn > 10_000) throw new Error('no answer');
    transport.settle();
    written += transport.takeWritten().toString('latin1');
    if (!written.includes(HELLO)) await (turn < 100 ? undefined : new Promise(setImmediate));
  }
  return written;
}

function answering({ root, fields }: Contender): (effort: Effort) => Promise<Figures> {
  return async (effort) => {
    const { handler } = new Site(root);
    const factory = new HTTPFactory(clock, handler, { wallClock: () => 0 });
    const transport = new MemoryTransport();
    transport.connect(factory.buildProtocol());
    const request = (more: string): Buffer =>
      Buffer.from(`GET / HTTP/1.1\r\nHost: a\r\nAccept: */*\r\n${more}\r\n`);
    transport.receive(request(fields('')));
    const bytes = request(fields(await settled(transport)));
    const batch = async (): Promise<number> => {
      let greetings = 0;
      for (let i = 0; i < BATCH; i++) {
        transport.receive(bytes);
        if ((await settled(transport)).includes(HELLO)) greetings += 1;
      }
      return greetings;
    };
    const check = (greetings: number): void => expectSame('greetings', greetings, BATCH);
    return { '': await nsPerOperation(effort, BATCH, batch, check) };
  };
}

const hello: Resource = { render: async () => HELLO };
const NO_FIELDS = (): string => '';
const cookieOf = (first: string): string => {
  const cookie = /^Set-Cookie: ([^;]+)/m.exec(first)?.[1];
  return cookie === undefined ? '' : `Cookie: ${cookie}\r\n`;
};

function sessions(render: Resource['render']): Contender {
  const store = new MemorySessionStore(clock);
  return { root: withSessions({ render }, { store, clock }), fields: cookieOf };
}

function guarded(): Contender {
  const realm = { requestAvatar: (id: string) => ({ type: 'user' as const, avatar: id }) };
  const portal = new Portal(realm, [new MemoryChecker({ alice: 'secret' })]);
  const guard = { portal, schemes: [basicScheme('bench')], avatar: contextKey<string>('user') };
  const authorization = `Authorization: Basic ${btoa('alice:secret')}\r\n`;
  return { root: withGuard(hello, guard), fields: () => authorization };
}

export const bench: MicroBench = {
  title: 'Sessions and guards',
  workload:
    'One request after another on one connection in memory, answered by an `async` function with 13 bytes. `session unused` has a wrapper ' +
    'whose session nobody asks for, `session read` reads a value, `session counted` changes one, and `cart stored` sets an object of 20 others in a session.',
  unit: 'ns per request, less is better',
  cases: [
    {
      name: 'greet',
      reference: 'bare tree',
      contenders: {
        'bare tree': answering({ root: hello, fields: NO_FIELDS }),
        'session unused': answering(sessions(hello.render)),
        'session read': answering(
          sessions(async (context) => {
            const session = await sessionOf(context);
            if (session.isNew) session.set(COUNT, 1);
            return session.get(COUNT) === 1 ? HELLO : 'lost';
          }),
        ),
        'session counted': answering(
          sessions(async (context) => {
            const session = await sessionOf(context);
            session.set(COUNT, (session.get(COUNT) ?? 0) + 1);
            return HELLO;
          }),
        ),
        'cart stored': answering(
          sessions(async (context) => {
            const session = await sessionOf(context);
            session.set(CART, { ...cart, at: session.isNew ? 0 : 1 });
            return HELLO;
          }),
        ),
        'basic guard': answering(guarded()),
      },
    },
  ],
  bars: [],
};

await runAlone(import.meta.url, bench);
