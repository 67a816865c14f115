/** Every layer rule of biome.json bites: one run of Biome over files that break each of them, and keep it. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

interface Imports {
  readonly allowed: readonly string[];
  readonly refused: readonly string[];
}

const SANS_IO: Imports = {
  allowed: ['./events.js', '../../core/errors/base.js', '../../framing/lines.js', 'node:buffer'],
  refused: [
    'node:net',
    'node:timers/promises',
    './protocol.js',
    './client.js',
    '../../defer/deferred.js',
    '../../reactor/create-reactor.js',
    '../http/parser.js',
  ],
};

/** Imports by file. */
const RULES: Readonly<Record<string, Imports>> = {
  'src/core/probe.ts': {
    allowed: ['./address.js', '../defer/deferred.js', 'node:crypto', 'node:worker_threads'],
    refused: [
      '../internal/check.js',
      'node:net',
      '../defer/errors.js',
      '../reactor/hosted-reactor.js',
    ],
  },
  'src/dashboard/probe.ts': {
    allowed: ['../http/index.js', '../websocket/index.js', '../workers/worker-group.js', 'node:fs'],
    refused: [
      '../workers/run-workers.js',
      '../cli/figures.js',
      '../endpoints/tcp.js',
      '../testing/index.js',
    ],
  },
  'src/internal/probe.ts': {
    allowed: ['../core/address.js'],
    refused: ['../defer/deferred.js', '../framing/lines.js'],
  },
  'src/defer/probe.ts': {
    allowed: ['../core/clock.js', '../internal/check.js'],
    refused: ['../task/react.js', '../reactor/time/turns.js'],
  },
  'src/framing/probe.ts': {
    allowed: ['../core/clock.js', '../defer/deferred.js'],
    refused: ['../policies/errors.js', '../reactor/create-reactor.js'],
  },
  'src/task/probe.ts': {
    allowed: ['../defer/deferred.js'],
    refused: ['../framing/lines.js', '../reactor/create-reactor.js'],
  },
  'src/exchange/probe.ts': {
    allowed: [
      '../defer/deferred.js',
      '../framing/line-decoder.js',
      '../policies/deadline.js',
      '../clients/client-service.js',
    ],
    refused: ['../endpoints/tcp.js', '../reactor/create-reactor.js', '../protocols/http/index.js'],
  },
  'src/portforward/probe.ts': {
    allowed: ['../policies/relay.js', '../protocols/proxy-protocol/index.js'],
    refused: ['../endpoints/tcp.js', '../protocols/socks/index.js', '../framing/line-decoder.js'],
  },
  'src/pubsub/probe.ts': {
    allowed: ['../defer/deferred.js', './redis/redis-pub-sub.js'],
    refused: ['../protocols/redis/index.js', '../http/index.js', '../policies/deadline.js'],
  },
  'src/pubsub/relays/probe.ts': {
    allowed: ['../errors.js', '../../protocols/redis/index.js', '../../websocket/topics.js'],
    refused: [
      '../../reactor/create-reactor.js',
      '../../http/serve-http.js',
      '../../endpoints/tcp.js',
    ],
  },
  'src/terminal/probe.ts': {
    allowed: ['../core/clock.js', '../defer/deferred.js', '../framing/delivery.js'],
    refused: ['../endpoints/tcp.js', '../reactor/create-reactor.js', '../native.js'],
  },
  'src/files/probe.ts': {
    allowed: ['../defer/deferred.js', '../native.js', 'node:fs'],
    refused: ['../framing/lines.js', '../task/react.js', '../reactor/create-reactor.js'],
  },
  'src/foreign/probe.ts': {
    allowed: ['../core/clock.js', '../defer/deferred.js', '../native.js'],
    refused: ['../framing/lines.js', '../task/react.js', '../reactor/create-reactor.js'],
  },
  'src/adbapi/probe.ts': {
    allowed: ['../defer/deferred.js', '../threads/index.js', 'node:tls'],
    refused: ['../task/react.js', '../reactor/create-reactor.js', '../index.js'],
  },
  'src/adbapi/sqlite/probe.ts': {
    allowed: ['../errors.js', '../../threads/index.js', '../../core/clock.js'],
    refused: ['../../task/react.js', '../../native.js'],
  },
  'src/logger/probe.ts': {
    allowed: ['../core/reactor-tcp.js', '../defer/failure.js', '../internal/printable.js'],
    refused: ['../reactor/create-reactor.js', '../endpoints/tcp.js', '../testing/index.js'],
  },
  'src/cred/probe.ts': {
    allowed: ['../defer/deferred.js', '../threads/index.js', '../endpoints/endpoint-syntax.js'],
    refused: ['../endpoints/tcp.js', '../protocols/socks/index.js', '../reactor/create-reactor.js'],
  },
  'src/cred/files/probe.ts': {
    allowed: ['../errors.js', '../passwords/crypt-md5.js', '../../threads/index.js'],
    refused: ['../../endpoints/endpoint-syntax.js', '../../protocols/socks/index.js'],
  },
  'src/metrics/probe.ts': {
    allowed: ['../core/factory.js', '../policies/wrapping-factory.js', '../http/access-log.js'],
    refused: ['../reactor/create-reactor.js', '../http/index.js', '../adbapi/index.js'],
  },
  'src/threads/probe.ts': {
    allowed: ['../defer/deferred.js', '../internal/remote-error.js', 'node:worker_threads'],
    refused: ['../reactor/create-reactor.js', '../workers/index.js'],
  },
  'src/tls/probe.ts': {
    allowed: ['../core/tls.js', '../native.js', '../reactor/streams/secure-stream.js'],
    refused: ['../framing/line-receiver.js', '../reactor/create-reactor.js'],
  },
  'src/workers/probe.ts': {
    allowed: ['../reactor/create-reactor.js'],
    refused: ['../native.js', '../testing/index.js', '../cli/main.js'],
  },
  'src/testing/probe.ts': {
    allowed: ['./simulation/host.js', '../reactor/hosted-reactor.js'],
    refused: ['../native.js', '../cli/main.js'],
  },
  'src/web/probe.ts': {
    allowed: ['../http/static-files.js', '../logger/logger.js', '../cred/portal.js', 'node:fs'],
    refused: ['../websocket/index.js', '../reactor/create-reactor.js', '../endpoints/tcp.js'],
  },
  'src/rpc/probe.ts': {
    allowed: ['../web/index.js', '../websocket/index.js', '../protocols/xml-rpc/index.js'],
    refused: ['../reactor/create-reactor.js', '../protocols/socks/index.js', '../endpoints/tcp.js'],
  },
  'src/cgi/probe.ts': {
    allowed: ['../web/index.js', '../core/process.js', '../protocols/http/octets.js', 'node:fs'],
    refused: ['../reactor/create-reactor.js', '../process/index.js', '../websocket/index.js'],
  },
  'src/web/sessions/probe.ts': {
    allowed: ['../web-context.js', '../../http/set-cookie.js', '../../cred/portal.js', 'node:fs'],
    refused: ['../../websocket/index.js', '../../protocols/redis/index.js', '../../native.js'],
  },
  'src/reactor/time/probe.ts': {
    allowed: ['./turns.js', '../../core/clock.js', '../../defer/deferred.js'],
    refused: ['../life/run-phases.js', '../streams/stream-port.js', '../../task/react.js'],
  },
  'src/reactor/life/probe.ts': {
    allowed: ['../time/turns.js', '../diagnostics.js'],
    refused: ['../streams/stream-port.js', '../datagrams/udp-port.js', '../hosted-reactor.js'],
  },
  'src/reactor/names/probe.ts': {
    allowed: ['../time/loop-host.js', '../../resolver/hosts-file.js'],
    refused: ['../streams/tcp-settings.js', '../hosted-reactor.js'],
  },
  'src/reactor/streams/probe.ts': {
    allowed: ['../life/port-reactor.js', '../names/resolve-destination.js'],
    refused: ['../datagrams/udp-port.js', '../hosted-reactor.js', '../native/sockets.js'],
  },
  'src/reactor/datagrams/probe.ts': {
    allowed: ['../life/port-reactor.js', '../streams/received-bytes.js'],
    refused: ['../adoption/adopted-owner.js', '../hosted-reactor.js', '../node/sockets.js'],
  },
  'src/reactor/adoption/probe.ts': {
    allowed: ['../streams/stream-port.js', '../datagrams/udp-port.js'],
    refused: ['../hosted-reactor.js', '../native/sockets.js'],
  },
  'src/reactor/processes/probe.ts': {
    allowed: ['../streams/stream-transport.js', '../adoption/adopted-owner.js'],
    refused: ['../datagrams/udp-port.js', '../hosted-reactor.js', '../native/sockets.js'],
  },
  'src/application/probe.ts': {
    allowed: ['../core/clock.js', '../http/serve-http.js', '../endpoints/tcp.js'],
    refused: ['../reactor/create-reactor.js', '../workers/run-workers.js', '../cli/main.js'],
  },
  'src/process/probe.ts': {
    allowed: ['../core/process.js', '../framing/line-decoder.js', '../clients/backoff-policy.js'],
    refused: ['../reactor/create-reactor.js', '../clients/client-service.js', '../task/react.js'],
  },
  'src/reactor/probe.ts': {
    allowed: ['./streams/stream-port.js', '../core/reactor.js', '../threads/thread-pool.js'],
    refused: [
      './native/reactor.js',
      './node/reactor.js',
      './create-reactor.js',
      '../task/react.js',
    ],
  },
  'src/reactor/create-reactor.ts': {
    allowed: ['./native/reactor.js', './node/reactor.js'],
    refused: ['../workers/index.js', '../native.js'],
  },
  'src/reactor/node/probe.ts': {
    allowed: ['../hosted-reactor.js', '../streams/stream-port.js', '../../resolver/lookups.js'],
    refused: ['../native/reactor.js', '../create-reactor.js', '../../native.js'],
  },
  'src/reactor/native/probe.ts': {
    allowed: ['../hosted-reactor.js', '../node/sockets.js', '../../native.js'],
    refused: ['../create-reactor.js', '../../workers/index.js'],
  },
  'src/clients/probe.ts': {
    allowed: ['../core/stream-endpoint.js', '../defer/deferred.js', '../policies/deadline.js'],
    refused: ['../endpoints/tcp.js', '../reactor/create-reactor.js', '../protocols/http/client.js'],
  },
  'src/stdio/probe.ts': {
    allowed: ['../core/reactor-pipes.js', '../defer/deferred.js', 'node:fs'],
    refused: ['../reactor/adoption/file-transport.js', '../endpoints/stdio.js'],
  },
  'src/endpoints/probe.ts': {
    allowed: [
      '../stdio/open-stdio.js',
      '../core/stream-endpoint.js',
      '../defer/deferred.js',
      '../reactor/streams/tcp-settings.js',
      '../tls/factories.js',
      '../policies/deadline.js',
      '../handover/inherited-sockets.js',
      '../protocols/proxy-protocol/index.js',
    ],
    refused: [
      '../reactor/hosted-reactor.js',
      '../reactor/create-reactor.js',
      '../handover/take-listeners.js',
      '../policies/relay.js',
      '../framing/lines.js',
    ],
  },
  'src/http/probe.ts': {
    allowed: ['./dates.js', '../framing/byte-queue.js', '../protocols/http/index.js', 'node:zlib'],
    refused: [
      '../reactor/create-reactor.js',
      '../endpoints/tcp.js',
      '../protocols/websocket/index.js',
      '../native.js',
    ],
  },
  'src/http/agent/probe.ts': {
    allowed: [
      './send.js',
      '../client/connection-pool.js',
      '../content-reader.js',
      '../../cred/exchanges/digest-session.js',
      '../../tls/client-context.js',
      '../../protocols/http/field-block.js',
    ],
    refused: [
      '../../reactor/create-reactor.js',
      '../../endpoints/tcp.js',
      '../../cred/index.js',
      '../../web/index.js',
      '../../native.js',
    ],
  },
  'src/http/agent/cache/probe.ts': {
    allowed: [
      './freshness.js',
      '../send.js',
      '../../dates.js',
      '../../client/errors.js',
      '../../../defer/deferred.js',
      '../../../protocols/http/errors.js',
    ],
    refused: [
      '../../client/connection-pool.js',
      '../../../reactor/create-reactor.js',
      '../../../web/index.js',
      '../../../native.js',
    ],
  },
  'src/http/http2/probe.ts': {
    allowed: [
      './link.js',
      '../connection-writer.js',
      '../../reactor/streams/stream-transport.js',
      '../../protocols/http2/connection.js',
    ],
    refused: [
      '../agent/send.js',
      '../../reactor/create-reactor.js',
      '../../protocols/websocket/index.js',
      '../../native.js',
    ],
  },
  'src/http/client/probe.ts': {
    allowed: [
      './settings.js',
      '../connection-writer.js',
      '../../endpoints/tcp.js',
      '../../tls/client-context.js',
      '../../protocols/http/response-parser.js',
      '../../protocols/http2/connection.js',
      '../http2/link.js',
      '../../protocols/socks/client.js',
    ],
    refused: [
      '../../reactor/create-reactor.js',
      '../../protocols/socks/server.js',
      '../../tls/server-context.js',
      '../../protocols/websocket/index.js',
      '../../native.js',
    ],
  },
  'src/web-proxy/probe.ts': {
    allowed: [
      '../http/client/connection-pool.js',
      '../web/web-context.js',
      '../policies/relay.js',
      '../protocols/socks/access-rules.js',
    ],
    refused: [
      '../reactor/create-reactor.js',
      '../websocket/index.js',
      '../protocols/socks/server.js',
      '../native.js',
    ],
  },
  'src/node-http/probe.ts': {
    allowed: [
      '../http/http-service.js',
      '../protocols/http/errors.js',
      '../tls/factories.js',
      '../reactor/create-reactor.js',
      'node:http',
    ],
    refused: [
      '../web/index.js',
      '../endpoints/tcp.js',
      '../websocket/index.js',
      '../defer/deferred.js',
    ],
  },
  'src/websocket/probe.ts': {
    allowed: [
      '../http/serve-http.js',
      '../endpoints/tcp.js',
      '../tls/client-context.js',
      '../policies/idle-timeouts.js',
      '../protocols/http/response-parser.js',
      '../protocols/websocket/index.js',
    ],
    refused: [
      '../reactor/create-reactor.js',
      '../protocols/proxy-protocol/index.js',
      '../native.js',
    ],
  },
  'src/protocols/http/parser.ts': SANS_IO,
  'src/protocols/xml-rpc/parser.ts': {
    allowed: ['./events.js', '../xml/parser.js', '../../core/errors/base.js', 'node:buffer'],
    refused: ['node:net', '../http/index.js', '../../defer/deferred.js', '../../http/index.js'],
  },
  'src/protocols/http2/connection.ts': {
    allowed: ['./errors.js', '../http/octets.js', '../../core/errors/base.js', 'node:buffer'],
    refused: [
      'node:net',
      '../websocket/index.js',
      '../../defer/deferred.js',
      '../../http/index.js',
    ],
  },
  'src/protocols/http2/hpack/decoder.ts': {
    allowed: ['../errors.js', '../../../core/errors/base.js', 'node:buffer'],
    refused: ['node:net', '../../http/octets.js', '../../../defer/deferred.js'],
  },
  'src/protocols/imap/connection.ts': SANS_IO,
  'src/protocols/http/protocol.ts': {
    allowed: ['./connection.js', '../../core/protocol.js', '../../policies/timeouts.js'],
    refused: [
      './client.js',
      '../../clients/client-service.js',
      '../../reactor/create-reactor.js',
      '../smtp/protocol.js',
    ],
  },
  'src/protocols/http/client.ts': {
    allowed: [
      './events.js',
      '../../clients/client-service.js',
      '../../reactor/create-reactor.js',
      '../../task/react.js',
      '../../endpoints/tcp.js',
      '../../exchange/ask.js',
    ],
    refused: ['../../reactor/native/reactor.js', '../../testing/index.js', '../smtp/index.js'],
  },
  'src/protocols/imap/commands/fetch.ts': {
    allowed: ['../events.js', '../literals/literal.js', '../../../core/address.js'],
    refused: ['../../http/index.js', '../../../reactor/create-reactor.js'],
  },
};

const GLOBALS = ['Date', 'performance', 'crypto', 'process', 'setTimeout'];

const root = new URL('../../', import.meta.url);
const biome = createRequire(import.meta.url).resolve('@biomejs/biome/bin/biome');
let folder: string;
/** What was refused, by file: line numbers, from 1. */
const refused = new Map<string, Set<number>>();

function linesOf({ allowed, refused }: Imports): string[] {
  return [...allowed, ...refused].map((from, i) => `import * as m${i} from '${from}'; m${i};`);
}

beforeAll(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'ropewalk-layers-')));
  const { vcs: _, ...config } = JSON.parse(readFileSync(new URL('biome.json', root), 'utf8'));
  delete config.$schema;
  write('biome.json', JSON.stringify(config));
  for (const [file, imports] of Object.entries(RULES)) write(file, linesOf(imports).join('\n'));
  write('src/protocols/http/serializer.ts', GLOBALS.map((name) => `${name};`).join('\n'));
  write(
    'src/core/one.ts',
    "import type { Two } from './two.js';\nexport interface One { two: Two }",
  );
  write(
    'src/core/two.ts',
    "import type { One } from './one.js';\nexport interface Two { one: One }",
  );
  const args = ['lint', '--reporter=github', '--max-diagnostics=none', 'src'];
  const { stdout } = spawnSync(process.execPath, [biome, ...args], {
    cwd: folder,
    encoding: 'utf8',
  });
  const lines =
    /title=lint\/(?:style\/noRestricted|suspicious\/noImportCycles)[^,]*,file=([^,]+),line=(\d+)/g;
  for (const [, path = '', line] of stdout.matchAll(lines)) {
    const file = relative(folder, path);
    refused.set(file, (refused.get(file) ?? new Set()).add(Number(line)));
  }
});

afterAll(() => rmSync(folder, { recursive: true }));

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

describe('the layer rule', () => {
  it.each(Object.entries(RULES))(
    'of %s allows and refuses as CONTRIBUTING.md says',
    (file, imports) => {
      const lines = [...(refused.get(file) ?? [])];
      const all = [...imports.allowed, ...imports.refused];
      expect(lines.sort((a, b) => a - b).map((line) => all[line - 1])).toEqual(imports.refused);
    },
  );

  it('of sans-I/O files refuses time, entropy and the process', () => {
    // Biome reports in no fixed order.
    expect(refused.get('src/protocols/http/serializer.ts')).toEqual(
      new Set(GLOBALS.map((_, i) => i + 1)),
    );
  });

  it('refuses import cycles, types included', () => {
    expect(refused.get('src/core/one.ts')).toEqual(new Set([1]));
    expect(refused.get('src/core/two.ts')).toEqual(new Set([1]));
  });
});
