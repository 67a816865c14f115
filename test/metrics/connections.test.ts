/** Connections and TLS handshakes as metrics and spans, on each reactor. */
import { expect, it } from 'vitest';
import { ClientFactory, Protocol } from '../../src/index.js';
import {
  addConnections,
  addReactor,
  MetricsRegistry,
  meterListener,
  prometheusText,
  traceConnections,
} from '../../src/metrics/index.js';
import {
  connectTLS,
  listenTLS,
  selfSignedCertificate,
  TLSClientContext,
  TLSServerContext,
} from '../../src/tls/index.js';
import { contract, portOf } from '../support/contract.js';
import { Pulse } from '../support/deadline.js';

class Echo extends Protocol {
  override dataReceived(data: Buffer): void {
    this.transport.write(data);
  }
}

/** Sends a word and closes when it is back. */
class Client extends Protocol {
  override connectionMade(): void {
    this.transport.write('hello');
  }

  override dataReceived(): void {
    this.transport.loseConnection();
  }
}

contract('connections', (rig) => {
  it('are counted by listener, reason and TLS version, and traced', async () => {
    const metrics = new MetricsRegistry();
    const spans: Record<string, unknown>[] = [];
    const pulse = new Pulse();
    const tracer = {
      startSpan(_name: string, options: { attributes: object }): object {
        const span: Record<string, unknown> = { ...options };
        spans.push(span);
        return {
          setStatus: (status: object) => Object.assign(span, { status }),
          end: () => {
            span.ended = true;
            pulse.notify();
          },
        };
      },
    };
    const stops = [addConnections(metrics), traceConnections(tracer)];
    addReactor(metrics, rig.reactor);
    try {
      const { certificate, key } = await selfSignedCertificate();
      const identity = { certificate, key };
      const here = { interface: '127.0.0.1' };
      const plain = rig.reactor.listenTCP(0, meterListener(metrics, 'plain', Echo), here);
      const refusing = rig.reactor.listenTCP(
        0,
        meterListener(metrics, 'refusing', () => null),
        here,
      );
      const secure = listenTLS(
        rig.reactor,
        0,
        meterListener(metrics, 'secure', Echo),
        new TLSServerContext({ identity }),
        here,
      );
      rig.reactor.connectTCP('127.0.0.1', portOf(plain), ClientFactory.forProtocol(Client));
      rig.reactor.connectTCP('127.0.0.1', portOf(refusing), ClientFactory.forProtocol(Client));
      const context = new TLSClientContext({ trustRoots: certificate });
      connectTLS(
        rig.reactor,
        '127.0.0.1',
        portOf(secure),
        ClientFactory.forProtocol(Client),
        context,
        {
          hostname: 'localhost',
        },
      );
      const text = (): string => prometheusText(metrics);
      const listener = (name: string, outcome: string): string =>
        `ropewalk_listener_connections_total{listener="${name}",outcome="${outcome}"} 1\n`;
      await pulse.until(
        () => {
          rig.reactor.callLater(1, () => pulse.notify());
          return spans.length >= 5 && spans.every(({ ended }) => ended === true);
        },
        () => `the ends of ${JSON.stringify(spans)} ${text()}`,
      );
      for (const expected of [
        listener('plain', 'accepted'),
        listener('refusing', 'refused'),
        listener('secure', 'accepted'),
        'ropewalk_tls_handshakes_total{role="server",version="TLSv1.3",resumed="false"} 1\n',
        'ropewalk_tls_handshakes_total{role="client",version="TLSv1.3",resumed="false"} 1\n',
      ]) {
        expect(text()).toContain(expected);
      }
      expect(text()).toMatch(
        /ropewalk_connections_ended_total\{reason="ERR_CONNECTION_DONE"\} [45]\n/,
      );
      expect(text()).toMatch(/ropewalk_reactor_received_bytes_total\{reactor="main"\} [1-9]/);
      expect(spans[0]?.attributes).toMatchObject({
        'network.local.address': expect.stringContaining('127.0.0.1'),
        'network.peer.address': expect.stringContaining('127.0.0.1'),
      });
    } finally {
      for (const stop of stops) stop();
    }
  });
});
