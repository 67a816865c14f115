/** A site with sessions in memory. */
import { expect } from 'vitest';
import { ManualClock } from '../../src/testing/index.js';
import {
  MemorySessionStore,
  type Resource,
  type SessionsOptions,
  sessionKey,
  sessionOf,
  type WebContext,
  type WebResult,
  type WebSession,
  withSessions,
} from '../../src/web/index.js';
import { fieldOf, ServedSite } from './site.js';

export const COUNT = sessionKey<number>('count');

export const NAME = sessionKey<string>('name');

const ID = /^session=([\w-]{43}); Path=\/; HttpOnly; SameSite=Lax$/;

export type Render = (
  session: WebSession,
  context: WebContext,
) => WebResult | PromiseLike<WebResult>;

/** A site whose resource gets the session. */
export function siteOf(
  render: Render,
  options: Partial<SessionsOptions> = {},
): { site: ServedSite; store: MemorySessionStore; clock: ManualClock } {
  const clock = new ManualClock();
  const store = new MemorySessionStore(clock);
  const resource: Resource = {
    isLeaf: true,
    render: async (context) => render(await sessionOf(context), context),
  };
  const site = new ServedSite(withSessions(resource, { store, clock, ...options }));
  return { site, store, clock };
}

export function idOf(answer: string): string {
  const line = fieldOf(answer, 'Set-Cookie') ?? '';
  expect(line).toMatch(ID);
  return ID.exec(line)?.[1] as string;
}

export const counting: Render = (session) => {
  const count = (session.get(COUNT) ?? 0) + 1;
  session.set(COUNT, count);
  return String(count);
};
