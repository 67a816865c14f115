/** Fuzz targets of clients and servers of other protocols. */
import { fingerQueries } from '../../protocols/finger/recording.js';
import { identLines } from '../../protocols/ident/recording.js';
import { answersTo } from '../../protocols/memcache/recording.js';
import { tableMessages } from '../../protocols/postfix/recording.js';
import { answersTo as redisAnswersTo } from '../../protocols/redis/recording.js';
import { readEverywhere } from '../../protocols/socks/recording.js';
import { buffers, sameWhenCut, type Target } from '../target.js';

export const TARGETS: Readonly<Record<string, Target>> = {
  redis: {
    seeds: buffers(
      '$3\r\nabc\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n_\r\n',
      '*2\r\n%1\r\n+k\r\n,1.5\r\n~1\r\n#t\r\n-ERR x\r\n(12345678901234567890\r\n',
      '|1\r\n+a\r\n:1\r\n=7\r\ntxt:abc\r\n!5\r\nERR x\r\n$-1\r\n*-1\r\n',
    ),
    words: ['$1\r\n', '*2\r\n', '>1\r\n', '%1\r\n', '|1\r\n', '-ERR', ':1', '_', '\r\n', '*-1'],
    check(bytes, random) {
      sameWhenCut(bytes, random, redisAnswersTo);
    },
  },
  memcache: {
    seeds: buffers(
      'VALUE a 1 3 7\r\nx\r\n\r\nEND\r\nSTORED\r\nVA 2 O1\r\nhi\r\n',
      'END\r\nNOT_STORED\r\nEN\r\nSTAT a b\r\nEND\r\nVERSION 1.6\r\nMN\r\n',
      'CLIENT_ERROR x\r\nSERVER_ERROR y\r\nERROR\r\nRESET\r\n',
      'END\r\nSTORED\r\nHD c1 O1\r\nSTAT a 1\r\nSTAT b 2\r\nEND\r\n',
    ),
    words: [
      'VALUE a 0 1\r\n',
      'VALUE b ',
      'END\r\n',
      'VA 1\r\n',
      'HD O1',
      'STAT ',
      'ERROR\r\n',
      '\r\n',
      '12\r\n',
    ],
    check(bytes, random) {
      sameWhenCut(bytes, random, answersTo);
    },
  },
  socks: {
    seeds: buffers(
      '\x05\x02\x00\x02\x05\x01\x00\x03\x01a\x00\x50rest',
      '\x05\x01\x02\x01\x05alice\x06secret\x05\x02\x00\x01\x7f\x00\x00\x01\x00\x50',
      '\x05\x02\x01\x00\x05\x00\x00\x04\x20\x01\x0d\xb8\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x01\x00\x50rest',
      '\x04\x01\x00\x50\x00\x00\x00\x01user\x00example.com\x00rest',
      '\x00\x5a\x00\x50\x7f\x00\x00\x01\x00\x5a\x00\x50\x7f\x00\x00\x01rest',
      '\x00\x00\x00\x03\x01a\x00\x35payload',
    ),
    words: [
      '\x05\x01\x00',
      '\x05\x00\x00\x01',
      '\x01\x00',
      '\x00\x03',
      '\x00\x04',
      '\x00\x5a',
      '\xff',
      'a'.repeat(256),
    ],
    check(bytes, random) {
      sameWhenCut(bytes, random, readEverywhere);
    },
  },
  finger: {
    seeds: buffers('/W alice@host@gate\r\n', 'alice\r\n\r\n@a\n', 'zo\xc3\xab\x1b\r\n'),
    words: ['/W ', '@', '\r\n', ' ', '\xc2\x85', '::1'],
    check(bytes, random) {
      sameWhenCut(bytes, random, fingerQueries);
    },
  },
  ident: {
    seeds: buffers(
      '6193, 23\r\n99999 , 0\r\n',
      '6193, 23 : USERID : UNIX : alice\r\n6193,23:ERROR:HIDDEN-USER\r\n',
      '6193, 23 : USERID : OTHER, UTF-8 : zo\xc3\xab:x\r\n',
    ),
    words: ['6193, 23', ' : ', ':', ',', 'USERID', 'ERROR', 'NO-USER', 'X-', '\r\n', '\t'],
    check(bytes, random) {
      sameWhenCut(bytes, random, identLines);
    },
  },
  postfix: {
    seeds: buffers(
      'get alice\nget a%20b\n200 x%25\n500 no\n400 later\n',
      '9:map alice,6:OK x y,9:NOTFOUND ,10:TEMP later,6:PERM x,9:TIMEOUT y,',
    ),
    words: ['get ', '%20', '%', '200 ', '\n', '6:', ',', 'OK ', 'NOTFOUND ', 'TEMP '],
    check(bytes, random) {
      sameWhenCut(bytes, random, (chunks) => tableMessages('tcp', chunks));
      sameWhenCut(bytes, random, (chunks) => tableMessages('socketmap', chunks));
    },
  },
};
