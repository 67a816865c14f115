/** Fuzz targets of credentials. */
import { ok } from 'node:assert/strict';
import {
  parseClientFirst,
  parseServerFirst,
  textOfMessage,
} from '../../../src/cred/exchanges/scram-messages.js';
import { parseHtpasswd, parseShadow } from '../../../src/cred/files/parse-users.js';
import {
  DigestChallenges,
  digestAuthorization,
  InvalidCredentialsError,
  ScramServer,
} from '../../../src/cred/index.js';
import { parseHash } from '../../../src/cred/passwords/parse-hash.js';
import { parseAuthorizedKeys } from '../../../src/cred/ssh/authorized-keys.js';
import { ManualClock } from '../../../src/testing/manual-clock.js';
import type { Target } from '../target.js';

const DIGEST = new DigestChallenges({ realm: 'r', clock: new ManualClock() });

const DIGEST_FIELD = digestAuthorization(DIGEST.fields()[0] as string, {
  username: 'u',
  password: 'p',
  method: 'GET',
  uri: '/',
});

export const TARGETS: Readonly<Record<string, Target>> = {
  credentials: {
    seeds: [
      Buffer.from(DIGEST_FIELD),
      Buffer.from('n,a=b,n=us=2Cer,r=fyko+d2lbbFgONRv9qkxdawL'),
      Buffer.from('r=fyko+d2lbbFgONRv9qkxdawL3rfc,s=QSXCR+Q6sek8bf92,i=4096'),
      Buffer.from(
        'alice:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\nbob:$2y$05$IvOczoNm07EStz5wUNYDte\n#c\n',
      ),
      Buffer.from(`from="10.0.0.0/8",restrict ssh-ed25519 ${'A'.repeat(68)} me\nssh-rsa AAAA\n`),
      Buffer.from(`ok:$6$rounds=5000$ab$${'x'.repeat(86)}:19000:0:99999:7:::\n`),
    ],
    words: [
      'Digest ',
      ', ',
      '="',
      '\\"',
      '=2C',
      ',r=',
      'n,,',
      'y,,',
      'p=x,',
      'm=',
      ':',
      '\n',
      '$6$',
      '$1$',
      'ssh-',
      '\0',
    ],
    check(bytes) {
      const text = bytes.toString();
      const calls: (() => unknown)[] = [
        () => DIGEST.decode(text, { method: 'GET', uri: '/' }),
        () => digestAuthorization(text, { username: 'u', password: 'p', method: 'GET', uri: '/' }),
        () => parseClientFirst(bytes),
        () => new ScramServer().start(bytes),
        () => parseServerFirst(textOfMessage(bytes)),
      ];
      for (const call of calls) {
        try {
          call();
        } catch (error) {
          if (!(error instanceof InvalidCredentialsError)) throw error;
        }
      }
      const lines = text.split('\n').length;
      const problem = (message: string, line = 0): void => {
        ok(message !== '' && line >= 1 && line <= lines);
      };
      const check = (hash: string): void => void parseHash(hash);
      const users = [
        ...parseHtpasswd(text, problem, check),
        ...parseShadow(text, problem, check, 0),
      ];
      for (const [name, hash] of users) ok(name !== '' && !/[\0\n:]/.test(name + hash));
      for (const { type, blob } of parseAuthorizedKeys(text, problem)) ok(blob.includes(type));
    },
  },
};
