/**
 * The layer that answers challenges of Digest authentication (RFC 7616), and then sends credentials with each request to the same
 * origin. It is below redirections, which remove credentials for another origin.
 */
import type { Clock } from '../../core/clock.js';
import { parseAuthChallenges } from '../../cred/exchanges/auth-challenges.js';
import { DigestSession, strongestDigest } from '../../cred/exchanges/digest-session.js';
import { RANDOM_BYTES, type RandomBytes } from '../../cred/secrets.js';
import type { Deferred } from '../../defer/deferred.js';
import { type AgentRequest, isReplayable, isWhole } from './agent-request.js';
import type { AgentResponse } from './agent-response.js';
import { drainBriefly } from './brief-drain.js';
import type { AgentCredentials } from './credentials.js';
import { withField } from './field-list.js';
import type { Interceptor, Send } from './send.js';

const UNAUTHORIZED = 401;
/** An answer to a stale nonce, or to none; an answer to the challenge; an answer to the one after it, if that nonce was stale again. */
const MAX_SENDS = 3;

interface KnownSession {
  readonly session: DigestSession;
  readonly password: string;
}

/** @param maxSessions Most origins and users that are remembered; the oldest is forgotten. */
export function digestAuth(
  clock: Clock,
  maxSessions: number,
  randomBytes: RandomBytes = RANDOM_BYTES,
): Interceptor {
  const digest = new DigestAuthentication(clock, maxSessions, randomBytes);
  return (next) => (request) =>
    request.auth?.scheme === 'digest' ? digest.begin(next, request, request.auth) : next(request);
}

class DigestAuthentication {
  readonly #clock: Clock;
  readonly #maxSessions: number;
  readonly #randomBytes: RandomBytes;
  /** By origin and user; the one that was made first is the first. */
  readonly #sessions: Map<string, KnownSession> = new Map();

  constructor(clock: Clock, maxSessions: number, randomBytes: RandomBytes) {
    this.#clock = clock;
    this.#maxSessions = maxSessions;
    this.#randomBytes = randomBytes;
  }

  begin(next: Send, request: AgentRequest, auth: AgentCredentials): Deferred<AgentResponse> {
    const known = this.#sessions.get(keyOf(request, auth));
    const isUsable = known?.password === auth.password && known.session.covers(request.url);
    return this.#send(next, request, auth, isUsable ? known.session : undefined, 1);
  }

  /** @param count The number of this attempt. */
  #send(
    next: Send,
    request: AgentRequest,
    auth: AgentCredentials,
    session: DigestSession | undefined,
    count: number,
  ): Deferred<AgentResponse> {
    const field = session?.answer(digested(request, auth));
    const isAnswer = count > 1;
    const sent =
      field === undefined
        ? request
        : { ...request, fields: withField(request.fields, 'Authorization', inLatin1(field)) };
    return next(sent).addCallback((response) => {
      const info = response.field('authentication-info');
      if (info !== undefined) session?.learn(inUTF8(info));
      if (response.status !== UNAUTHORIZED || count === MAX_SENDS) return response;
      const fresh = this.#freshSession(request, response, auth, isAnswer);
      if (fresh === undefined) return response;
      return drainBriefly(this.#clock, response).addCallback(() =>
        this.#send(next, request, auth, fresh, count + 1),
      );
    });
  }

  /** A session for the challenge of a response; undefined if there is no answer to it. */
  #freshSession(
    request: AgentRequest,
    response: AgentResponse,
    auth: AgentCredentials,
    wasAnswer: boolean,
  ): DigestSession | undefined {
    const fields = response.fields('www-authenticate').map(inUTF8);
    const challenge = strongestDigest(parseAuthChallenges(fields));
    if (challenge === undefined || !isReplayable(request)) return undefined;
    const key = keyOf(request, auth);
    if (wasAnswer && !challenge.isStale) {
      // The password is wrong.
      this.#sessions.delete(key);
      return undefined;
    }
    if (challenge.qops[0] === 'auth-int' && digested(request, auth).body === undefined) {
      return undefined;
    }
    const cnonce = Buffer.from(this.#randomBytes(16)).toString('base64url');
    const session = new DigestSession(challenge, cnonce);
    this.#sessions.delete(key);
    const [oldest] = this.#sessions.keys();
    if (this.#sessions.size >= this.#maxSessions && oldest !== undefined) {
      this.#sessions.delete(oldest);
    }
    this.#sessions.set(key, { session, password: auth.password });
    return session;
  }
}

function keyOf({ url }: AgentRequest, { username }: AgentCredentials): string {
  return `${url.origin} ${username}`;
}

function digested(
  { url, method, content }: AgentRequest,
  { username, password }: AgentCredentials,
): Parameters<DigestSession['answer']>[0] {
  const body = content === undefined ? '' : isWhole(content) ? content : undefined;
  return { username, password, method, uri: url.pathname + url.search, body };
}

/** Fields are received with a character for each octet. */
function inUTF8(value: string): string {
  return Buffer.from(value, 'latin1').toString();
}

function inLatin1(value: string): string {
  return Buffer.from(value).toString('latin1');
}
