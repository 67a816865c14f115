/** Mistakes of resources, and what the program and its clients see. */
import { describe, expect, it } from 'vitest';
import { Deferred } from '../../src/defer/deferred.js';
import { succeed } from '../../src/defer/succeed.js';
import { flushLoggedErrors, ManualClock } from '../../src/testing/index.js';
import {
  Branch,
  handlerResource,
  limitTime,
  type Resource,
  type WebContext,
  type WebResult,
} from '../../src/web/index.js';
import { contentOf, get, ServedSite, statusOf } from './site.js';

type Render = (context: WebContext) => WebResult | PromiseLike<WebResult>;

const NO_ANSWER =
  'the resource returned nothing and sent nothing: return a value or a promise (is a return missing?), answer through context.response, ' +
  'or call context.answersLater() if it answers later';

function reported(): string[] {
  return flushLoggedErrors().map(({ error, where, about }) => `${where}, ${about}: ${error}`);
}

function siteOf(render: Render): ServedSite {
  return new ServedSite({ isLeaf: true, render });
}

describe('a resource that returns nothing', () => {
  it.each<[string, Render]>([
    ['a function', () => {}],
    ['an asynchronous function', async () => {}],
    ['a Deferred', () => succeed(undefined)],
    [
      'a resource in another one',
      (context) => context.delegate({ isLeaf: true, render: () => undefined }),
    ],
    ['after the content', async ({ request }) => void (await request.text())],
  ])('is answered with 500 if it has sent nothing: %s', async (_what, render) => {
    const sent = await siteOf(render).get('/page');
    expect([statusOf(sent), contentOf(sent)]).toEqual([500, '500 Internal Server Error\n']);
    expect(reported()).toEqual([`HTTP handler, GET /page: HTTPSequenceError: ${NO_ANSWER}`]);
  });

  it.each<[string, Render]>([
    ['a function', ({ response }) => response.send('hi')],
    ['a promise', async ({ response }) => response.send('hi')],
    [
      'in pieces, the last one later',
      ({ response }) => {
        response.write('h');
        queueMicrotask(() => response.end('i'));
      },
    ],
  ])('has answered: %s', async (_what, render) => {
    expect(await siteOf(render).get('/')).toMatch(/hi$|1\r\nh\r\n1\r\ni\r\n0\r\n\r\n$/);
  });

  it.each<[string, (context: WebContext) => WebResult | PromiseLike<WebResult>]>([
    ['a function', (context) => context.answersLater()],
    ['an asynchronous function', async (context) => context.answersLater()],
    ['without return', (context) => void context.answersLater()],
    ['before it waits', async (context) => void (await succeed(context.answersLater()))],
  ])('may answer later if it says so: %s', async (_what, render) => {
    let context: WebContext | undefined;
    const served = siteOf((given) => {
      context = given;
      return render(given);
    });
    expect(await served.get('/')).toBe('');
    context?.response.send('late');
    expect(contentOf(await served.later())).toBe('late');
    expect(contentOf(`${served.receive(get('/'))}${await served.later()}`)).toBe('');
    context?.response.send('again');
    expect(contentOf(await served.later())).toBe('again');
  });

  it('may answer later in the time that it has', async () => {
    const clock = new ManualClock();
    const late: Resource = { render: (context) => context.answersLater() };
    const served = new ServedSite(limitTime(clock, late, { timeoutMs: 10 }));
    expect(await served.get('/')).toBe('');
    clock.advance(10);
    expect(statusOf(await served.later())).toBe(503);
  });

  it('may have given up because the client has gone', async () => {
    const given = new Deferred<undefined>();
    const served = siteOf(() => given);
    served.receive(get('/'));
    served.transport.peerResets();
    given.callback(undefined);
    expect(await served.later()).toBe('');
  });

  it('may be a handler of serveHttp, which may answer later, and return whatever', async () => {
    const waiting: (() => void)[] = [];
    const root = new Branch({
      handler: handlerResource((_request, response) => waiting.push(() => response.send('late'))),
    });
    const served = new ServedSite(root);
    expect(await served.get('/handler')).toBe('');
    waiting[0]?.();
    expect(contentOf(await served.later())).toBe('late');
  });
});
