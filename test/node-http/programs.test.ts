// Programs for Express, Fastify, Koa, ws and node:http itself, each run on node:http and on the facade: the answers are the same bytes.
import { createServer as createNodeServer, type Server as NodeServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createReactor, type Reactor } from 'ropewalk';
import { createServer, type RequestListener } from 'ropewalk/node-http';
import { describe, expect, it } from 'vitest';
import { programs as express } from './programs/express.mjs';
import { programs as fastify } from './programs/fastify.mjs';
import { programs as koa } from './programs/koa.mjs';
import { programs as middleware } from './programs/middleware.mjs';
import { programs as plain } from './programs/plain.mjs';
import { withJoinedChunks } from './programs/talk.mjs';
import { programs as ws } from './programs/ws.mjs';

type CreateServer = (listener?: RequestListener) => NodeServer;

interface Program {
  readonly name: string;
  make(createServer: CreateServer): NodeServer | Promise<NodeServer>;
  talk(port: number): Promise<unknown>;
}

const PROGRAMS = [
  ...express,
  ...fastify,
  ...koa,
  ...middleware,
  ...plain,
  ...ws,
] as unknown as Program[];

async function outputOf(program: Program, createServer: CreateServer): Promise<unknown> {
  const server = await program.make(createServer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  try {
    return await program.talk(port);
  } finally {
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }
}

/** Since version 26, Node sends the pieces that are written in one turn as one chunk. */
const joinsChunks = Number(process.versions.node.split('.')[0]) >= 26;

function comparable(output: unknown): unknown {
  if (!joinsChunks || !Array.isArray(output)) return output;
  return output.map((text) => (typeof text === 'string' ? withJoinedChunks(text) : text));
}

const onNode: CreateServer = (listener) => createNodeServer(listener as never);

describe.each(['native', 'node'] as const)('on the facade with the %s reactor', (kind) => {
  const reactor: Reactor = createReactor({ kind });
  const onFacade: CreateServer = (listener) => createServer({ reactor }, listener);

  it.each(PROGRAMS.map((program) => [program.name, program] as const))(
    '%s',
    async (_name, program) => {
      const expected = await outputOf(program, onNode);
      expect(comparable(await outputOf(program, onFacade))).toEqual(comparable(expected));
    },
  );
});

it('runs at least 60 programs', () => {
  expect(new Set(PROGRAMS.map(({ name }) => name)).size).toBeGreaterThanOrEqual(60);
});
