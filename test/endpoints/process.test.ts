import { expect, it } from 'vitest';
import { clientFromString, ProcessEndpoint, Protocol } from '../../src/index.js';
import { contract } from '../support/contract.js';
import { Pulse } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { ONE_POLLER } from '../support/reactors.js';

class Client extends Protocol {
  text = '';
  reason: Error | undefined = undefined;
  readonly #pulse = new Pulse();

  override dataReceived(data: Buffer): void {
    this.text += data.toString();
    this.#pulse.notify();
  }

  override connectionLost(reason: Error): void {
    this.reason = reason;
    this.#pulse.notify();
  }

  receives(text: string): Promise<void> {
    return this.#pulse.until(() => this.text === text, text);
  }

  async lost(): Promise<Error | undefined> {
    await this.#pulse.until(() => this.reason !== undefined, 'connectionLost');
    return this.reason;
  }
}

class HalfClosable extends Client {
  ended = false;

  readConnectionLost(): void {
    this.ended = true;
    this.transport.loseConnection();
  }
}

contract(
  'a process endpoint',
  (rig) => {
    const env = { PATH: '/usr/local/bin:/usr/bin:/bin' };
    const shell = (text: string): ProcessEndpoint => {
      needs('descriptors');
      return new ProcessEndpoint(rig.reactor, '/bin/sh', { args: ['-c', text], env });
    };

    it('connects to the standard input and output of a program', async () => {
      const client = await shell('exec cat').connect(Client);
      client.transport.write('over a pipe');
      await client.receives('over a pipe');
      expect(String(client.transport.getPeer())).toBe('/bin/sh');
      client.transport.loseConnection();
      expect(await client.lost()).toMatchObject({ code: 'ERR_CONNECTION_DONE' });
    });

    it('reports an exit with another code', async () => {
      const client = await shell('exit 3').connect(Client);
      expect(await client.lost()).toMatchObject({ code: 'ERR_PROCESS_TERMINATED', exitCode: 3 });
    });

    it('ends each direction alone', async () => {
      const client = await shell('exec sort').connect(HalfClosable);
      client.transport.write('b\na\n');
      client.transport.loseWriteConnection();
      expect(await client.lost()).toMatchObject({ code: 'ERR_CONNECTION_DONE' });
      expect(client.text).toBe('a\nb\n');
      expect(client.ended).toBe(true);
    });

    it('kills the program when the connection is aborted', async () => {
      const client = await shell('exec sleep 60').connect(Client);
      client.transport.abortConnection();
      expect(await client.lost()).toMatchObject({ code: 'ERR_CONNECTION_ABORTED' });
    });

    it('fails if the program does not exist', async () => {
      const endpoint = new ProcessEndpoint(rig.reactor, '/nonexistent/program');
      await expect(endpoint.connect(Client)).rejects.toMatchObject({ code: 'ERR_SPAWN' });
      await expect(shell('exec cat').connect(() => null)).rejects.toMatchObject({
        code: 'ERR_NO_PROTOCOL',
      });
    });

    it('fails if connectionMade throws', async () => {
      class Throwing extends Client {
        override connectionMade(): void {
          throw new Error('connectionMade');
        }
      }
      await expect(shell('exec cat').connect(Throwing)).rejects.toThrow('connectionMade');
      expect(rig.takeReports()).toHaveLength(1);
    });

    it('has a string', async () => {
      needs('descriptors');
      const client = await clientFromString(rig.reactor, 'process:printf:%s-%s:a:b\\:c').connect(
        Client,
      );
      await client.lost();
      expect(client.text).toBe('a-b:c');
      const text = 'process:/bin/sh:-c:pwd; echo $HOME:cwd=/:env=0:stderr=0';
      const other = await clientFromString(rig.reactor, text).connect(Client);
      await other.lost();
      expect(other.text).toBe('/\n\n');
      expect(() => clientFromString(rig.reactor, 'process:')).toThrow();
      expect(() => clientFromString(rig.reactor, 'process:true:user=root')).toThrow(/no argument/);
    });
  },
  ONE_POLLER,
);
