/** Syslog and the journal over sockets, on each reactor. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { Protocol } from '../../src/index.js';
import { Journal, Syslog } from '../../src/logger/index.js';
import { flushLoggedErrors } from '../../src/testing/index.js';
import { contract, portOf, type Rig } from '../support/contract.js';
import { Pulse } from '../support/deadline.js';
import { eventOf } from './events.js';

contract('log services', (rig: Rig) => {
  let folder: string;
  let path: string;
  let received: string;
  const pulse = new Pulse();
  const receive = (data: Buffer): void => {
    received += `${data.toString()}|`;
    pulse.notify();
  };
  const until = (text: string): Promise<void> =>
    pulse.until(
      () => received.includes(text),
      () => `${text} in ${received}`,
    );

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ropewalk-log-'));
    path = join(folder, 'log');
    received = '';
  });

  afterEach(() => rmSync(folder, { recursive: true }));

  it('receive syslog by UDP', async () => {
    const port = rig.reactor.listenUDP(0, receive, { interface: '127.0.0.1' });
    using syslog = new Syslog(rig.reactor, {
      destination: `udp:127.0.0.1:${portOf(port)}`,
      hostname: 'h',
    });
    syslog.observe(eventOf({ format: 'one' }));
    syslog.observe(eventOf({ format: 'x'.repeat(20_000) }));
    await until(`<14>1 2023-11-14T22:13:20.000Z h ropewalk ${process.pid} test - one|`);
    await until('xxx|');
    expect(received.length).toBeLessThan(8_400);
    expect(syslog.dropped).toBe(0);
  });

  it('receive syslog by TCP, and again after the connection ended', async () => {
    const connections: Protocol[] = [];
    class Collector extends Protocol {
      override connectionMade(): void {
        connections.push(this);
      }

      override dataReceived(data: Buffer): void {
        receive(data);
      }
    }
    const port = portOf(rig.reactor.listenTCP(0, Collector, { interface: '127.0.0.1' }));
    using syslog = new Syslog(rig.reactor, {
      destination: `tcp:127.0.0.1:${port}`,
      hostname: 'h',
      format: 'rfc3164',
      maxQueued: 1,
    });
    syslog.observe(eventOf({ format: 'early é' }));
    syslog.observe(eventOf({ format: 'no room' }));
    await until('early é');
    const [, length = '', message = ''] = /^(\d+) (<14>.*early é)/.exec(received) ?? [];
    expect(Buffer.byteLength(message)).toBe(Number(length));
    expect(syslog.dropped).toBe(1);
    connections[0]?.transport.abortConnection();
    await pulse.until(() => {
      rig.reactor.callLater(5, () => pulse.notify());
      syslog.observe(eventOf({ format: 'again' }));
      return received.includes('again');
    }, 'the second connection');
    expect(flushLoggedErrors('ERR_LOG_NOT_WRITTEN')).toHaveLength(1);
    syslog.close();
    expect(flushLoggedErrors('ERR_LOG_EVENTS_DROPPED').length).toBeGreaterThanOrEqual(1);
  });

  it('receive syslog and entries of the journal on UNIX datagram sockets', async ({ skip }) => {
    if (!rig.native) skip('native only');
    rig.reactor.listenUNIXDatagram(path, receive);
    using syslog = new Syslog(rig.reactor, { destination: path });
    using journal = new Journal(rig.reactor, { path });
    syslog.observe(eventOf({ format: 'one' }));
    journal.observe(eventOf({ format: '{x}', fields: { x: 'two' } }));
    await until(`ropewalk[${process.pid}]: one|`);
    await until('MESSAGE=two\nPRIORITY=6\nSYSLOG_IDENTIFIER=ropewalk\nNAMESPACE=test\nX=two\n|');
  });

  it('receive again when they were started again', async ({ skip }) => {
    if (!rig.native) skip('native only');
    const first = rig.reactor.listenUNIXDatagram(path, receive);
    using syslog = new Syslog(rig.reactor, { destination: path });
    await first.stopListening();
    syslog.observe(eventOf({ format: 'lost' }));
    await rig.turns(3);
    rig.reactor.listenUNIXDatagram(path, receive);
    await pulse.until(() => {
      rig.reactor.callLater(5, () => pulse.notify());
      syslog.observe(eventOf({ format: 'again' }));
      return received.includes('again');
    }, 'the second socket');
    expect(syslog.dropped).toBeGreaterThanOrEqual(1);
    expect(flushLoggedErrors('ERR_LOG_NOT_WRITTEN')).toHaveLength(1);
    flushLoggedErrors('ERR_LOG_EVENTS_DROPPED');
  });
});
