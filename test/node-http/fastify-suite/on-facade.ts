/** Loaded before a test file of Fastify: the servers that it makes are those of the facade. FACADE_REACTOR names the reactor. */
import http from 'node:http';
import { syncBuiltinESMExports } from 'node:module';
import { type CreateReactorOptions, createReactor } from '../../../src/index.js';
import {
  createServer,
  type RequestListener,
  type ServerOptions,
} from '../../../src/node-http/index.js';

const kind = process.env.FACADE_REACTOR as NonNullable<CreateReactorOptions['kind']>;
const reactor = createReactor({ kind });

function createFacade(
  options?: ServerOptions | RequestListener,
  listener?: RequestListener,
): unknown {
  if (typeof options === 'function') return createServer({ reactor }, options);
  return createServer({ ...options, reactor }, listener);
}

http.createServer = createFacade as typeof http.createServer;
syncBuiltinESMExports();
