/** What a peer of `node:tls` may try: old versions and renegotiation. */
import { once } from 'node:events';
import tls from 'node:tls';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { within } from '../support/deadline.js';
import { authority, HOSTNAME, KINDS, Network, serverContext, Talker } from './secured.js';

describe.each(KINDS)('a server by $name', (kind) => {
  const { engine } = kind;
  let network: Network;
  let served: Talker;
  let port: number;

  beforeEach(() => {
    network = new Network(kind);
    served = new Talker({ received: (self) => self.transport.write('heard') });
    port = network.listen(serverContext({ engine }), () => served);
  });

  afterEach(() => network[Symbol.asyncDispose]());

  function dial(options: tls.ConnectionOptions): tls.TLSSocket {
    return tls.connect({
      port,
      host: '127.0.0.1',
      servername: HOSTNAME,
      ca: authority.certificate,
      ...options,
    });
  }

  it.each(['TLSv1', 'TLSv1.1'] as const)('refuses %s', async (version) => {
    const socket = dial({
      minVersion: version,
      maxVersion: version,
      ciphers: 'DEFAULT@SECLEVEL=0',
    });
    const [error] = await within(once(socket, 'error'), 'the refusal');
    expect(error).toMatchObject({ code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION' });
    expect(await served.lost()).toMatchObject({ code: 'ERR_TLS_HANDSHAKE' });
    expect(served.log).toEqual(['made', 'lost']);
  });

  it('refuses renegotiation', async () => {
    const socket = dial({ maxVersion: 'TLSv1.2' });
    await within(once(socket, 'secureConnect'), 'the handshake');
    const refused = new Promise<unknown>((resolve) => {
      socket.on('error', resolve);
      socket.on('close', () => resolve('closed'));
      socket.renegotiate({}, (error) => resolve(error));
    });
    expect(await within(refused, 'the refusal')).not.toBeNull();
    socket.destroy();
    await served.lost();
    expect(served.log).toEqual(['made', 'secured', 'lost']);
  });
});
