/** The program of docs/howto/dashboard.md. */
import { expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { RawPeer } from '../support/raw-peer.js';
import { WsClient } from '../support/ws-client.js';
import { exampleUrl } from './programs.js';

it('dashboard shows the lines of an echo server', async () => {
  await using server = new Child(exampleUrl('dashboard'), ['--port', '0', '--dashboard-port', '0']);
  const [, url = '', port] = await server.printed(
    /dashboard at (\S+), echo on 127\.0\.0\.1:(\d+)\n/,
  );
  await using peer = await RawPeer.connect(Number(port));
  await using page = await WsClient.connect(new URL('feed', url.replace('http', 'ws')).href);
  const hello = JSON.parse(String(await page.next()));
  expect(hello).toMatchObject({ title: 'Echo', meters: ['lines'] });
  expect(hello.events[0].text).toBe(`listening on 127.0.0.1:${port}`);
  peer.write('hemp\n');
  await peer.until(() => peer.text === 'hemp\r\n', 'the echo');
  page.socket.send('{"type":"watchConnections","on":true}');
  for (;;) {
    const { type, rows } = JSON.parse(String(await page.next()));
    if (type !== 'connections') continue;
    expect(rows.map(({ activity }: { activity: string }) => activity)).toContain('echo: hemp');
    break;
  }
});
