/** Load generators: wrk, h2load and ab. Every request is answered, without an error. */
import { afterAll, describe, expect, it } from 'vitest';
import { contract } from '../../support/contract.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { havePrograms, PeerFiles } from '../peer-files.js';
import { run, serve } from './rig.js';

const WRK = havePrograms('wrk');
const H2LOAD = havePrograms('h2load');
const AB = havePrograms('ab');

const files = new PeerFiles();
afterAll(() => files.remove());

/** Each connection sends 16 requests at once. */
const pipelining = files.write(
  'pipelining.lua',
  `init = function(args)
     local requests = {}
     for i = 1, 16 do requests[i] = wrk.format("GET", "/?" .. i) end
     batch = table.concat(requests)
   end
   request = function() return batch end`,
);

const posting = files.write(
  'posting.lua',
  `wrk.method = "POST"
   wrk.path = "/echo"
   wrk.body = string.rep("hemp", 500)
   response = function(status, headers, body)
     if status ~= 200 or body ~= wrk.body then print("WRONG " .. status) end
   end`,
);

const content = files.write('content', 'hemp'.repeat(500));

describe.skipIf(!WRK)('with wrk', () => {
  contract(
    'an HTTP server',
    (rig) => {
      it.each([
        ['requests', []],
        ['pipelined requests', ['--script', pipelining]],
        ['content', ['--script', posting]],
      ])('answers %s of 50 connections', async (_what, script) => {
        const { origin, factory } = serve(rig);
        const limits = ['--connections', '50', '--threads', '1', '--duration', '1s'];
        const { stdout } = await run('wrk', [...limits, ...script, origin]);
        expect(stdout).not.toMatch(/Socket errors|Non-2xx|WRONG/);
        const answered = Number(/(\d+) requests in/.exec(stdout)?.[1]);
        expect(answered).toBeGreaterThan(0);
        expect(factory.requests).toBeGreaterThanOrEqual(answered);
        // wrk replaces connections that the server closes.
        expect(factory.made).toBeLessThanOrEqual(51);
      });
    },
    ONE_POLLER,
  );
});

describe.skipIf(!H2LOAD)('with h2load', () => {
  contract(
    'an HTTP server',
    (rig) => {
      it.each([
        ['requests', 2000, '/', []],
        ['chunked answers', 200, '/pieces', []],
        ['content', 2000, '/echo', ['--data', content]],
      ])('answers %s of 20 connections', async (_what, count, path, options) => {
        const { origin, factory } = serve(rig);
        const limits = ['--h1', '--requests', String(count), '--clients', '20'];
        const { stdout } = await run('h2load', [...limits, ...options, origin + path]);
        expect(stdout).toContain(`${count} succeeded, 0 failed, 0 errored, 0 timeout`);
        expect(stdout).toContain(`status codes: ${count} 2xx, 0 3xx, 0 4xx, 0 5xx`);
        expect(factory.made).toBe(20);
      });
    },
    ONE_POLLER,
  );
});

describe.skipIf(!AB)('with ab', () => {
  contract(
    'an HTTP server',
    (rig) => {
      it.each([
        ['connections', '/', [], 0],
        ['kept connections', '/', ['-k'], 1000],
        ['kept connections with content', '/echo?', ['-k', '-p', content], 0],
      ])('answers 1,000 requests of HTTP/1.0 in %s', async (_what, path, options, kept) => {
        const { origin, factory } = serve(rig);
        const { stdout } = await run('ab', [
          ...['-q', '-n', '1000', '-c', '20', ...options],
          origin + path,
        ]);
        expect(stdout).toMatch(/^Complete requests: +1000$/m);
        expect(stdout).toMatch(/^Failed requests: +0$/m);
        expect(stdout).not.toMatch(/Non-2xx/);
        expect(/^Keep-Alive requests: +(\d+)$/m.exec(stdout)?.[1] ?? '0').toBe(String(kept));
        expect(factory.requests).toBeGreaterThanOrEqual(1000);
      });
    },
    ONE_POLLER,
  );
});
