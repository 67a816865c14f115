/** The npm package ws as a client of the WebSocket server: directly, through nginx and through HAProxy. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { contract, type Rig } from '../../support/contract.js';
import { closedPort } from '../../support/raw-peer.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { nginxHTTP, startHAProxy, startNginx } from '../fronts.js';
import { HOST, havePrograms, PeerFiles } from '../peer-files.js';
import { expectScenario, serveCommands } from './rig.js';
import { wsScenario } from './ws-client.js';

let files: PeerFiles;
beforeEach(() => {
  files = new PeerFiles();
});
afterEach(() => files.remove());

/** Starts a proxy of the server at a port. @returns Its port. */
type Front = (rig: Rig, back: number) => Promise<number>;

const FRONTS: Readonly<Record<string, Front>> = {
  async nginx(rig, back) {
    const port = await closedPort();
    const server = `
      listen ${HOST}:${port};
      location / {
        proxy_pass http://${HOST}:${back};
        proxy_http_version 1.1;
        proxy_set_header Host $http_host;
        proxy_set_header Upgrade $http_upgrade;
        proxy_set_header Connection upgrade;
      }`;
    rig.use(await startNginx(files, nginxHTTP(files, server)));
    return port;
  },
  haproxy: (rig, back) => startHAProxy(rig, files, 'http', `${HOST}:${back}`),
};

contract(
  'with ws, a WebSocket server',
  (rig) => {
    it.each([
      ['without compression', false, ''],
      ['with compression', true, 'permessage-deflate'],
      [
        'with windows of 1 KiB',
        { serverMaxWindowBits: 10, clientMaxWindowBits: 10 },
        'permessage-deflate',
      ],
      [
        'that remembers nothing',
        { serverNoContextTakeover: true, clientNoContextTakeover: true },
        'permessage-deflate',
      ],
    ])('speaks with a client %s', async (_name, perMessageDeflate, extensions) => {
      const port = await serveCommands(rig, { deflate: {} });
      const seen = await wsScenario(`ws://${HOST}:${port}/`, { perMessageDeflate });
      expectScenario(seen);
      expect(seen.get('extensions')).toBe(extensions);
    });

    it('that does not compress speaks with a client that would', async () => {
      const port = await serveCommands(rig);
      const seen = await wsScenario(`ws://${HOST}:${port}/`, { perMessageDeflate: true });
      expectScenario(seen);
      expect(seen.get('extensions')).toBe('');
    });

    it('that keeps its window speaks with a client that keeps its own', async () => {
      const deflate = { serverNoContextTakeover: false, clientNoContextTakeover: false };
      const port = await serveCommands(rig, { deflate });
      const seen = await wsScenario(`ws://${HOST}:${port}/`, { perMessageDeflate: true });
      expectScenario(seen);
      expect(seen.get('extensions')).toBe('permessage-deflate');
    });
  },
  ONE_POLLER,
);

describe.each(Object.entries(FRONTS))('through %s', (name, start) => {
  describe.skipIf(!havePrograms(name))('in front', () => {
    contract(
      'a WebSocket server',
      (rig) => {
        it.each([false, true])('speaks with a client, compression: %s', async (deflate) => {
          const port = await start(rig, await serveCommands(rig, { deflate: {} }));
          const url = `ws://${HOST}:${port}/`;
          expectScenario(await wsScenario(url, { perMessageDeflate: deflate }));
        });
      },
      ONE_POLLER,
    );
  });
});
