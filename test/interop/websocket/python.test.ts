/** The library websockets of Python, and Autobahn on Twisted, as clients of the WebSocket server. */
import { describe, expect, it } from 'vitest';
import { contract } from '../../support/contract.js';
import { hasPython } from '../../support/peers.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { HOST } from '../peer-files.js';
import { expectScenario, results, serveCommands } from './rig.js';

describe.skipIf(!hasPython('websockets'))('with websockets of Python', () => {
  contract(
    'a WebSocket server',
    (rig) => {
      it.each([
        [[], null],
        [['deflate'], /^permessage-deflate/],
        [['deflate-bits'], /server_max_window_bits=10/],
        [['deflate-alone'], /server_no_context_takeover/],
      ])('speaks with a client: %j', async (args, extensions) => {
        const port = await serveCommands(rig, { deflate: {} });
        const seen = await results('python_websockets', 'ask', `ws://${HOST}:${port}/`, ...args);
        expectScenario(seen);
        if (extensions === null) expect(seen.get('extensions')).toBeNull();
        else expect(seen.get('extensions')).toMatch(extensions);
      });
    },
    ONE_POLLER,
  );
});

describe.skipIf(!hasPython('autobahn.twisted'))('with Autobahn on Twisted', () => {
  contract(
    'a WebSocket server',
    (rig) => {
      it.each([
        [[], null],
        [['deflate'], expect.stringContaining('permessage-deflate')],
      ])('speaks with a client: %j', async (args, extensions) => {
        const port = await serveCommands(rig, { deflate: {} });
        const seen = await results('autobahn_websocket', 'ask', `ws://${HOST}:${port}/`, ...args);
        expectScenario(seen);
        expect(seen.get('not text')).toEqual([1007, expect.any(String)]);
        expect(seen.get('extensions')).toEqual(extensions);
      });
    },
    ONE_POLLER,
  );
});
