/** Forms of curl and of fetch, with files. */
import { afterAll, expect, it } from 'vitest';
import { type HTTPHandler, partsOf } from '../../../src/http/index.js';
import { contract } from '../../support/contract.js';
import { ONE_POLLER } from '../../support/reactors.js';
import { havePrograms, PeerFiles } from '../peer-files.js';
import { curl, digest, serve } from './rig.js';

const LARGE = Buffer.alloc(900_000, 'hemp\r\n--flax\r\n');
const files = new PeerFiles();
afterAll(() => files.remove());
const large = files.write('large.bin', LARGE);

const listParts: HTTPHandler = async (request, response) => {
  const parts: unknown[] = [];
  for await (const part of partsOf(request)) {
    const { name, filename, contentType } = part;
    const bytes = await part.bytes();
    const content = bytes.length > 100 ? digest(bytes) : bytes.toString();
    parts.push([name, filename ?? null, contentType, content]);
  }
  response.sendJSON(parts);
};

contract(
  'an HTTP server',
  (rig) => {
    it.skipIf(!havePrograms('curl'))(
      'receives the fields and files of a form of curl',
      async () => {
        const { origin } = serve(rig, {}, listParts);
        const { stdout } = await curl(
          ...['--form', 'fibre=hemp € ü', '--form-string', 'odd "name"=;type=x'],
          ...['--form', `file=@${large};type=application/x-rope;filename=a "b".bin`, origin],
        );
        expect(JSON.parse(Buffer.from(stdout, 'latin1').toString())).toEqual([
          ['fibre', null, 'text/plain', 'hemp € ü'],
          ['odd "name"', null, 'text/plain', ';type=x'],
          ['file', 'a "b".bin', 'application/x-rope', digest(LARGE)],
        ]);
      },
    );

    it('receives the fields and files of a form of fetch', async () => {
      const { origin } = serve(rig, {}, listParts);
      const body = new FormData();
      body.append('fibre', 'hemp € ü\nflax');
      body.append('odd "name"', '');
      body.append('file', new Blob([LARGE], { type: 'application/x-rope' }), 'a "b" ü.bin');
      const answer = await fetch(origin, { method: 'POST', body });
      expect(await answer.json()).toEqual([
        ['fibre', null, 'text/plain', 'hemp € ü\r\nflax'],
        ['odd "name"', null, 'text/plain', ''],
        ['file', 'a "b" ü.bin', 'application/x-rope', digest(LARGE)],
      ]);
    });
  },
  ONE_POLLER,
);
