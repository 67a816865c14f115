/** Logins of the clients of a SOCKS proxy. */
import { expect, it } from 'vitest';
import {
  checkerOf,
  limitGuesses,
  MemoryChecker,
  Portal,
  type Realm,
  socksAuthentication,
  TokenChecker,
  type UsernamePassword,
} from '../../src/cred/index.js';
import { Deferred } from '../../src/index.js';
import { ManualClock } from '../../src/testing/index.js';
import { startProxy } from '../protocols/socks/clients.js';
import { contract } from '../support/contract.js';
import { Pulse, within } from '../support/deadline.js';
import { RawPeer } from '../support/raw-peer.js';
import { ONE_POLLER } from '../support/reactors.js';

class Users implements Realm<{ user: string }> {
  readonly peers: (string | undefined)[] = [];
  readonly pulse = new Pulse();
  present = 0;

  requestAvatar(
    id: string,
    { peer }: { peer: string | undefined },
  ): { type: 'user'; avatar: string; logout: () => void } {
    this.peers.push(peer);
    this.present++;
    const logout = (): void => {
      this.present--;
      this.pulse.notify();
    };
    return { type: 'user', avatar: id, logout };
  }
}

function login(username: string, password: string): Buffer {
  const name = Buffer.from(username);
  const secret = Buffer.from(password);
  const lengths = [Buffer.from([1, name.length]), Buffer.from([secret.length])] as const;
  return Buffer.concat([Buffer.from([5, 1, 2]), lengths[0], name, lengths[1], secret]);
}

contract(
  'clients of a SOCKS proxy with a portal',
  (rig) => {
    async function answer(port: number, bytes: Buffer): Promise<[RawPeer, number | undefined]> {
      const client = rig.use(await RawPeer.connect(port));
      client.write(bytes);
      return [client, (await client.receive(4))[3]];
    }

    it('log in when they connect and log out when they leave', async () => {
      const realm = new Users();
      const portal = new Portal(realm, [new MemoryChecker({ alice: 'secret' })]);
      const proxy = startProxy(rig, { authenticate: socksAuthentication(portal, 'user') });
      const [client, status] = await answer(proxy.port, login('alice', 'secret'));
      expect(status).toBe(0);
      expect(realm).toMatchObject({ present: 1, peers: ['127.0.0.1'] });
      client.reset();
      await realm.pulse.until(
        () => realm.present === 0,
        () => 'the logout',
      );
    });

    it('are refused with a wrong password and by the limit of guesses', async () => {
      const realm = new Users();
      const checker = limitGuesses(new MemoryChecker({ alice: 'secret' }), {
        clock: new ManualClock(),
        maxPerPeer: 1,
      });
      const proxy = startProxy(rig, {
        authenticate: socksAuthentication(new Portal(realm, [checker])),
      });
      expect((await answer(proxy.port, login('alice', 'wrong')))[1]).not.toBe(0);
      expect((await answer(proxy.port, login('alice', 'secret')))[1]).not.toBe(0);
      expect(realm.peers).toEqual([]);
    });

    it('cancel their login when they leave', async () => {
      const cancelled = new Deferred<void>();
      const started = new Deferred<void>();
      const checker = checkerOf<UsernamePassword, string>(['password'], () => {
        started.callback();
        return new Deferred<string>(() => cancelled.callback());
      });
      const realm = new Users();
      const proxy = startProxy(rig, {
        authenticate: socksAuthentication(new Portal(realm, [checker])),
      });
      const client = rig.use(await RawPeer.connect(proxy.port));
      client.write(login('alice', 'secret'));
      await within(started, 'the check');
      client.reset();
      await within(cancelled, 'the cancelling');
      expect(realm.peers).toEqual([]);
    });

    it('are disconnected if the checker has an error, which is reported', async () => {
      const checker = checkerOf<UsernamePassword, string>(['password'], () => {
        throw new Error('no database');
      });
      const proxy = startProxy(rig, {
        authenticate: socksAuthentication(new Portal(new Users(), [checker])),
      });
      const client = rig.use(await RawPeer.connect(proxy.port));
      client.write(login('alice', 'secret'));
      await client.untilGone();
      expect(rig.takeReports().map(({ error }) => String(error))).toEqual(['Error: no database']);
    });

    it('need a portal that checks passwords', () => {
      const portal = new Portal(new Users(), [new TokenChecker()]);
      // @ts-expect-error It has no checker for passwords.
      socksAuthentication(portal);
    });
  },
  ONE_POLLER,
);
