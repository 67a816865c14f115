/** XML-RPC with Python's own library and with Twisted, both ways, and CGI scripts in Perl and Python. */
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { FilteredScript } from '../../../src/cgi/index.js';
import { type IPv4Address, TCPServerEndpoint } from '../../../src/index.js';
import {
  RPCFaultError,
  RPCMethods,
  XMLRPCDateTime,
  XMLRPCResource,
  xmlRpcClient,
} from '../../../src/rpc/index.js';
import { Branch, serveSite } from '../../../src/web/index.js';
import { contract, type Rig } from '../../support/contract.js';
import { hasProgram, PeerProgram, TWISTED_PYTHON } from '../../support/peers.js';

const PYTHON = hasProgram('python3');
const PERL = hasProgram('perl');
const TWISTED = TWISTED_PYTHON !== undefined;
for (const [found, name] of [
  [PYTHON, 'python3'],
  [PERL, 'perl'],
  [TWISTED, 'Python with Twisted'],
]) {
  if (!found) console.warn(`skipped: there is no ${name} here`);
}

function file(name: string): string {
  return fileURLToPath(new URL(`../programs/${name}`, import.meta.url));
}

function program(rig: Rig, ...args: string[]): PeerProgram {
  const python = args[0]?.startsWith('twisted') ? (TWISTED_PYTHON as string) : 'python3';
  return rig.use(new PeerProgram(python, [file('web_rpc.py'), ...args]));
}

async function lines(peer: PeerProgram, count: number): Promise<string[]> {
  const whole = (): string[] => peer.stdout.split('\n').slice(0, -1);
  await peer.pulse.until(
    () => whole().length >= count,
    () => `lines: ${peer.stdout}${peer.stderr}`,
  );
  return whole();
}

async function site(rig: Rig): Promise<string> {
  const { reactor } = rig;
  const methods = new RPCMethods()
    .add('add', (a: number, b: number) => a + b)
    .add('echo', (...values: unknown[]) => values)
    .add('large', () => 2 ** 40)
    .add('fault', () => {
      throw new RPCFaultError(9, 'é <refused>');
    });
  const root = new Branch()
    .putChild('RPC2', new XMLRPCResource(reactor, methods, { introspection: true }))
    .putChild('perl', new FilteredScript(reactor, 'perl', file('cgi_script.pl')))
    .putChild('python', new FilteredScript(reactor, 'python3', file('cgi_script.py')));
  const endpoint = new TCPServerEndpoint(reactor, 0, { interface: '127.0.0.1' });
  const server = rig.use(await serveSite(reactor, endpoint, root));
  return `http://127.0.0.1:${(server.getHost() as IPv4Address).port}`;
}

/** Starts a server in Python. @returns Its URL. */
async function peerServer(rig: Rig, name: string): Promise<string> {
  const [line = ''] = await lines(program(rig, name), 1);
  return `http://127.0.0.1:${line.split(' ')[1]}/`;
}

const SENT = [1, 1.5, true, 'é <&> 😀', [1, ['x']], { a: { b: '' } }, null];

contract('XML-RPC and CGI', (rig) => {
  describe.skipIf(!PYTHON)('with xmlrpc of Python', () => {
    it('serves xmlrpc.client', async () => {
      const peer = program(rig, 'client', `${await site(rig)}/RPC2`);
      expect(
        Buffer.from((await lines(peer, 8)).join('\n'), 'latin1')
          .toString()
          .split('\n'),
      ).toEqual([
        'echo True',
        'bytes True',
        'time 19980717T14:08:55',
        'large 1099511627776',
        "methods ['add', 'echo', 'fault', 'large', 'system.listMethods', 'system.methodHelp', 'system.methodSignature']",
        "multicall [3, ['x']]",
        'fault 9 é <refused>',
        'none -32601 method none not found',
      ]);
    });

    it('calls xmlrpc.server', async () => {
      await using client = xmlRpcClient(rig.reactor, `${await peerServer(rig, 'server')}RPC2`);
      expect(await client.call('echo', SENT)).toEqual(SENT);
      const time = new XMLRPCDateTime('19980717T14:08:55');
      const bytes = Buffer.from([0, 255]);
      expect(await client.call('echo', [time, bytes])).toEqual([time, bytes]);
      expect(await client.call('system.listMethods')).toContain('echo');
      await expect(client.call('broken')).rejects.toMatchObject({
        code: 'ERR_RPC_FAULT',
        faultText: expect.stringContaining('division by zero'),
      });
    });
  });

  describe.skipIf(!TWISTED)('with twisted.web.xmlrpc', () => {
    it('serves its Proxy', async () => {
      const peer = program(rig, 'twisted-client', `${await site(rig)}/RPC2`);
      expect(
        Buffer.from((await lines(peer, 3)).join('\n'), 'latin1')
          .toString()
          .split('\n'),
      ).toEqual(['echo True', 'add 3', 'fault 9 é <refused>']);
    });

    it('calls its XMLRPC', async () => {
      await using client = xmlRpcClient(rig.reactor, await peerServer(rig, 'twisted-server'));
      expect(await client.call('echo', SENT)).toEqual(SENT);
      expect(await client.call('system.listMethods')).toContain('echo');
      await expect(client.call('fault')).rejects.toMatchObject({
        faultCode: 5,
        faultText: 'of Twisted',
      });
      await expect(client.call('none')).rejects.toMatchObject({ faultCode: 8001 });
    });
  });

  it.skipIf(!PERL)('runs a CGI script in Perl', async () => {
    const response = await fetch(`${await site(rig)}/perl/a/b?c=d`, {
      method: 'POST',
      body: 'x'.repeat(300_000),
    });
    expect([response.status, await response.text()]).toEqual([200, 'POST /perl /a/b c=d 300000\n']);
  });

  it.skipIf(!PYTHON)('runs a CGI script in Python, without httpoxy', async () => {
    const response = await fetch(`${await site(rig)}/python`, {
      method: 'POST',
      headers: { Proxy: 'http://evil.example' },
      body: new URLSearchParams({ name: 'Zoë & co', city: 'Köln' }),
    });
    expect([response.status, response.headers.get('x-proxy')]).toEqual([201, 'none']);
    expect(await response.text()).toBe("[('city', ['Köln']), ('name', ['Zoë & co'])]\n");
  });
});
