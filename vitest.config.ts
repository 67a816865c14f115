// Each test file has a forked process: a crash in the addon then names its file. Files that only compute share processes and
// modules, because they spend most of their time importing. `npm test` leaves out the projects `slow` and `interop`, which `npm run
// check` runs.

import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

function source(file: string): string {
  return fileURLToPath(new URL(`./src/${file}`, import.meta.url));
}

const TESTS = ['test/**/*.test.ts'];
/** Tests that take long and rarely fail. */
const SLOW = ['test/**/*.slow.test.ts'];
/** Tests with other programs, which the machine may lack. */
const INTEROP = ['test/interop/**/!(*.slow).test.ts'];
/** Tests that neither start processes nor replace modules. */
const PURE = [
  'test/application/{multi-service,service,small-services}.test.ts',
  'test/bench/{bars,plan,profile}.test.ts',
  'test/cli/{demo-*,figures,printable-text}.test.ts',
  'test/clients/*.test.ts',
  'test/core/**/*.test.ts',
  'test/cred/{digest,guesses,names,portal,scram}.test.ts',
  'test/dashboard/{access,event-log,sampler}.test.ts',
  'test/defer/!(filesystem-lock*|process-mark|unhandled*).test.ts',
  'test/docs/**/*.test.ts',
  'test/endpoints/{endpoint-syntax,from-string}.test.ts',
  'test/files/{inotify-records,parts}.test.ts',
  'test/framing/**/!(file-sender).test.ts',
  'test/fuzz/*.test.ts',
  'test/handover/messages.test.ts',
  'test/http/!(static-*|media-types|*-over-reactors).test.ts',
  'test/internal/{async-context,lent-bytes,options,remote-error,system-error}.test.ts',
  'test/logger/{format,json,logger,services}.test.ts',
  'test/metrics/metrics.test.ts',
  'test/package/progress-reporter.test.ts',
  'test/policies/!(flooders|over-reactors).test.ts',
  'test/protocols/proxy-protocol/{parser,serializer}.test.ts',
  'test/protocols/socks/simulated.test.ts',
  'test/protocols/http/**/*.test.ts',
  'test/protocols/http2/*.test.ts',
  'test/protocols/{xml,xml-rpc,json-rpc}/*.test.ts',
  'test/{cgi,rpc}/!(*-over-reactors).test.ts',
  'test/protocols/websocket/*.test.ts',
  'test/web/!(over-reactors|file*).test.ts',
  'test/websocket/!(over-reactors).test.ts',
  'test/reactor/{life/system-events,streams/connection-race,streams/interleave,time/delayed-calls,time/turn-times}.test.ts',
  'test/resolver/!(hosts-file).test.ts',
  'test/task/!(react).test.ts',
  'test/terminal/*.test.ts',
  'test/testing/contracts-{clock,decoder,framing,reactor,simulated,transport,transport-bytes}.test.ts',
  'test/testing/{accumulating-protocol,deferred-results,every-split,file-wrapper,io-pump,lending,loopback}.test.ts',
  'test/testing/{manual-clock,memory-*,raising-memory-reactor,run-transcript,transcript}.test.ts',
  'test/testing/simulation/{datagrams,faults,random,simulate,simulated-*,simulation,storm,unix}.test.ts',
  'test/types/*.types.test.ts',
  'test/workers/{heartbeat,measurement,restart-delays,worker-figures,worker-settings}.test.ts',
];

/** Multiplies time limits, as in test/support/deadline.ts. */
const PATIENCE = Number(process.env.ROPEWALK_TEST_PATIENCE ?? 1);

/** Lets a loop of another library own the thread of each test file. */
const OWN_THREAD = process.env.ROPEWALK_TEST_OWNER ? ['test/support/own-thread.ts'] : [];

export default defineConfig({
  resolve: {
    // The entry points of the package, longest first: each is a prefix of those before it.
    alias: {
      'ropewalk/application': source('application/index.ts'),
      'ropewalk/foreign': source('foreign/index.ts'),
      'ropewalk/handover': source('handover/index.ts'),
      'ropewalk/dashboard': source('dashboard/index.ts'),
      'ropewalk/http': source('http/index.ts'),
      'ropewalk/node-http': source('node-http/index.ts'),
      'ropewalk/websocket': source('websocket/index.ts'),
      'ropewalk/web-proxy': source('web-proxy/index.ts'),
      'ropewalk/web': source('web/index.ts'),
      'ropewalk/rpc': source('rpc/index.ts'),
      'ropewalk/cgi': source('cgi/index.ts'),
      'ropewalk/xml': source('protocols/xml/index.ts'),
      'ropewalk/finger': source('protocols/finger/index.ts'),
      'ropewalk/portforward': source('portforward/index.ts'),
      'ropewalk/memcache': source('protocols/memcache/index.ts'),
      'ropewalk/pubsub': source('pubsub/index.ts'),
      'ropewalk/redis': source('protocols/redis/index.ts'),
      'ropewalk/ident': source('protocols/ident/index.ts'),
      'ropewalk/simple': source('protocols/simple/index.ts'),
      'ropewalk/postfix': source('protocols/postfix/index.ts'),
      'ropewalk/socks': source('protocols/socks/index.ts'),
      'ropewalk/terminal': source('terminal/index.ts'),
      'ropewalk/process': source('process/index.ts'),
      'ropewalk/files': source('files/index.ts'),
      'ropewalk/cred': source('cred/index.ts'),
      'ropewalk/adbapi': source('adbapi/index.ts'),
      'ropewalk/logger': source('logger/index.ts'),
      'ropewalk/metrics': source('metrics/index.ts'),
      'ropewalk/threads': source('threads/index.ts'),
      'ropewalk/workers': source('workers/index.ts'),
      'ropewalk/tls': source('tls/index.ts'),
      'ropewalk/testing/http': source('testing/http.ts'),
      'ropewalk/testing/vitest': source('testing/vitest.ts'),
      'ropewalk/testing': source('testing/index.ts'),
      ropewalk: source('index.ts'),
    },
  },
  test: {
    projects: [
      { extends: true, test: { name: 'pure', include: PURE, isolate: false } },
      {
        extends: true,
        test: {
          name: 'apart',
          include: TESTS,
          exclude: [...PURE, ...SLOW, ...INTEROP],
          isolate: true,
        },
      },
      { extends: true, test: { name: 'slow', include: SLOW, isolate: true } },
      { extends: true, test: { name: 'interop', include: INTEROP, isolate: true } },
    ],
    globalSetup: ['test/support/compile-programs.ts'],
    setupFiles: [source('testing/vitest.ts'), ...OWN_THREAD],
    pool: 'forks',
    // Tests wait for about a quarter of their time: more workers than processors.
    maxWorkers: availableParallelism() + 1,
    testTimeout: 20_000 * PATIENCE,
    hookTimeout: 20_000 * PATIENCE,
    teardownTimeout: 5_000 * PATIENCE,
    restoreMocks: true,
    // Characters of a value in the message of a failed comparison. The default, 40, hides what is in an array or object.
    chaiConfig: { truncateThreshold: 1000 },
    reporters: process.stdout.isTTY
      ? ['default']
      : ['default', './test/support/progress-reporter.ts'],
    // `npm run check -- coverage`: these folders are covered completely by their own tests.
    coverage: {
      provider: 'v8',
      include: ['src/defer/**', 'src/framing/**', 'src/task/**'],
      reporter: ['text'],
      reportsDirectory: 'build/coverage',
      thresholds: { lines: 100, branches: 100, functions: 100, statements: 100 },
    },
  },
});
