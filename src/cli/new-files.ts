/** The files that `ropewalk new` writes. */

/** File names and contents. */
export type Files = Readonly<Record<string, string>>;

/** `my-chat`: `MyChat`. */
function classOf(name: string): string {
  return name.replace(/(?:^|-)([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

/** A protocol, and its test. */
export function protocolFiles(name: string): Files {
  const type = `${classOf(name)}Protocol`;
  return {
    [`${name}.ts`]: `// The protocol ${name}. A peer sends names, one per line, and receives a greeting for each. QUIT ends the connection.
import { LineOnlyReceiver } from 'ropewalk';

/** A longer line ends the connection. */
const MAX_LINE_BYTES = 1_000;

export class ${type} extends LineOnlyReceiver {
  /** Receive no faster than the peer reads. */
  override readonly appliesBackpressure = true;

  constructor() {
    super({ maxLength: MAX_LINE_BYTES });
  }

  override lineReceived(line: Buffer): void {
    const name = line.toString().trim();
    if (name === 'QUIT') {
      this.sendLine('Good-bye!');
      this.transport.loseConnection();
    } else this.sendLine(\`Hello, \${name}!\`);
  }
}
`,
    [`${name}.test.ts`]: `import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { everySplit, MemoryTransport } from 'ropewalk/testing';
import { ${type} } from './${name}.ts';

function connect(): MemoryTransport {
  const transport = new MemoryTransport();
  transport.connect(new ${type}());
  return transport;
}

describe('${type}', () => {
  it('greets each name, however the bytes are split', () => {
    for (const chunks of everySplit(Buffer.from('Ada\\r\\nZoë\\r\\n'))) {
      const transport = connect();
      for (const chunk of chunks) transport.receive(chunk);
      assert.equal(transport.text, 'Hello, Ada!\\r\\nHello, Zoë!\\r\\n');
    }
  });

  it('ends at QUIT', () => {
    const transport = connect();
    transport.receive('QUIT\\r\\n');
    transport.settle();
    assert.equal(transport.text, 'Good-bye!\\r\\n');
    assert.equal(transport.peerSees, 'end');
  });

  it('closes the connection on a line that is too long', () => {
    const transport = connect();
    transport.receive('x'.repeat(2_000));
    transport.settle();
    assert.equal(transport.connected, false);
  });
});
`,
  };
}

/** A service for \`ropewalk run\`, and its test. */
export function serviceFiles(name: string): Files {
  const type = `${classOf(name)}Protocol`;
  return {
    [`${name}.ts`]: `// The service ${name}: \`npx ropewalk run ${name}.ts --listen tcp:7032:interface=127.0.0.1\`. It sends each line back.
import { parseArgs } from 'node:util';
import { LineOnlyReceiver, type Reactor } from 'ropewalk';
import { serviceFromString, type StreamServerEndpointService } from 'ropewalk/application';
import { Logger } from 'ropewalk/logger';

/** A longer line ends the connection. */
const MAX_LINE_BYTES = 1_000;

const log = new Logger({ namespace: '${name}' });

class ${type} extends LineOnlyReceiver {
  /** Receive no faster than the peer reads. */
  override readonly appliesBackpressure = true;

  constructor() {
    super({ maxLength: MAX_LINE_BYTES });
  }

  override connectionMade(): void {
    log.info('{peer} connected', { peer: String(this.transport.getPeer()) });
  }

  override lineReceived(line: Buffer): void {
    this.sendLine(line);
  }

  /** The service is being stopped: the lines so far are answered. */
  serverClosing(): void {
    this.transport.loseConnection();
  }
}

/** @param args The arguments behind the file on the command line. */
export default function (reactor: Reactor, args: readonly string[]): StreamServerEndpointService {
  const { values } = parseArgs({
    args: [...args],
    options: { listen: { type: 'string', default: 'tcp:7032:interface=127.0.0.1' } },
  });
  return serviceFromString(reactor, values.listen, () => new ${type}(), { name: '${name}' });
}
`,
    [`${name}.test.ts`]: `import assert from 'node:assert/strict';
import { connect } from 'node:net';
import { describe, it } from 'node:test';
import { createReactor } from 'ropewalk';
import makeService from './${name}.ts';

describe('the service ${name}', () => {
  it('sends lines back, and nothing is left when it has stopped', async (test) => {
    const service = makeService(createReactor(), ['--listen', 'tcp:0:interface=127.0.0.1']);
    await service.startService();
    test.after(() => service.stopService()); // also if the test fails: it would not end otherwise
    const { port } = service.getHost() as { port: number };
    const socket = connect(port, '127.0.0.1');
    socket.end('Hello!\\r\\n');
    let received = '';
    for await (const chunk of socket) received += String(chunk);
    assert.equal(received, 'Hello!\\r\\n');
    await service.stopService();
    assert.equal(service.running, false);
  });

  it('refuses unknown arguments', () => {
    assert.throws(() => makeService(createReactor(), ['--lisen', 'tcp:0']), /lisen/);
  });
});
`,
  };
}

/** The files of a package around one of these. */
export function packageFiles(name: string, kind: 'protocol' | 'service', version: string): Files {
  const manifest = {
    name,
    version: '0.0.0',
    private: true,
    type: 'module',
    engines: { node: '>=20.19' },
    scripts: {
      ...(kind === 'service' && { start: `ropewalk run ${name}.ts` }),
      test: `node --import tsx --test ${name}.test.ts`,
      typecheck: 'tsc',
    },
    dependencies: { ropewalk: `^${version}` },
    devDependencies: { '@types/node': '^20.19.0', tsx: '^4.20.0', typescript: '^5.9.0' },
  };
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    types: ['node'],
    module: 'nodenext',
    strict: true,
    noEmit: true,
    allowImportingTsExtensions: true,
    erasableSyntaxOnly: true,
    verbatimModuleSyntax: true,
    skipLibCheck: true,
  };
  return {
    'package.json': `${JSON.stringify(manifest, undefined, 2)}\n`,
    'tsconfig.json': `${JSON.stringify({ compilerOptions, include: ['*.ts'] }, undefined, 2)}\n`,
    '.gitignore': 'node_modules/\n',
  };
}
