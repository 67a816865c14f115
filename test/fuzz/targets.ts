/**
 * The checks of the fuzz targets: each throws if the code under test breaks one of its promises.
 *
 * `simple` and `portforward` have no target: they relay, or read at most so many bytes as text or as one number.
 */
import { COOKIE_SEEDS, COOKIE_WORDS, checkCookies } from './cookie-target.js';
import type { Target } from './target.js';
import { TARGETS as credentials } from './targets/credentials.js';
import { TARGETS as http } from './targets/http.js';
import { TARGETS as http2 } from './targets/http2.js';
import { TARGETS as http2Calls } from './targets/http2-calls.js';
import { TARGETS as rpc } from './targets/rpc.js';
import { TARGETS as services } from './targets/services.js';
import { TARGETS as terminal } from './targets/terminal.js';
import { TARGETS as websocket } from './targets/websocket.js';

export const TARGETS: Readonly<Record<string, Target>> = {
  ...http,
  ...http2,
  ...http2Calls,
  cookies: { seeds: COOKIE_SEEDS, words: COOKIE_WORDS, check: checkCookies },
  ...websocket,
  ...terminal,
  ...services,
  ...credentials,
  ...rpc,
};
