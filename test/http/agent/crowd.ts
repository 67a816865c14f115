/** Many requests of an agent, each given up or read in one of many ways; every one has to end once, and with its own answer. */
import type { Agent, AgentRequestOptions, AgentResponse } from '../../../src/http/index.js';
import { type Clock, RopewalkError } from '../../../src/index.js';
import type { Random } from '../../protocols/http/differential/messages.js';
import { contentFor, type Served } from './bad-server.js';

/** How a request ended. */
interface Ended {
  /** The content, or what was read of it; `undefined` if it was not read. */
  readonly text: string | undefined;
  /** Whether that is all of it. */
  readonly isWhole: boolean;
  readonly error: unknown;
}

type Reading = (response: AgentResponse) => Promise<Omit<Ended, 'error'>>;

async function whole(response: AgentResponse): Promise<Omit<Ended, 'error'>> {
  return { text: (await response.bytes()).toString('latin1'), isWhole: true };
}

async function inPieces(response: AgentResponse): Promise<Omit<Ended, 'error'>> {
  let text = '';
  for await (const piece of response) text += piece.toString('latin1');
  return { text, isWhole: true };
}

async function begin(response: AgentResponse): Promise<Omit<Ended, 'error'>> {
  for await (const piece of response) return { text: piece.toString('latin1'), isWhole: false };
  return { text: '', isWhole: true };
}

async function drained(response: AgentResponse): Promise<Omit<Ended, 'error'>> {
  await response.drain();
  return { text: undefined, isWhole: false };
}

async function discarded(response: AgentResponse): Promise<Omit<Ended, 'error'>> {
  response.discard();
  return { text: undefined, isWhole: false };
}

async function aborted(response: AgentResponse): Promise<Omit<Ended, 'error'>> {
  response.abort();
  return { text: undefined, isWhole: false };
}

const READINGS: readonly Reading[] = [
  ...[whole, whole, whole, inPieces, inPieces, begin, drained, discarded, aborted],
];

/** What a request may fail with because of the server. */
const FAULTS: ReadonlySet<string> = new Set([
  'ERR_NO_HTTP_RESPONSE',
  'ERR_INVALID_HTTP_MESSAGE',
  'ERR_INCOMPLETE_HTTP_MESSAGE',
  'ERR_HTTP_LIMIT',
  'ERR_HTTP_RESPONSE_TIMEOUT',
  'ERR_HTTP_REDIRECT',
  'ERR_INVALID_CONTENT_CODING',
  'ERR_UNSUPPORTED_CONTENT_CODING',
  'ERR_DECODED_RATIO',
  'ERR_CONNECTION_LOST',
  'ERR_HTTP2_PROTOCOL',
  'ERR_HTTP2_LIMIT',
  'ERR_HTTP2_STREAM_RESET',
  'ERR_HTTP2_UNPROCESSED',
]);

/** And because of a network that is not reliable. */
const NETWORK_FAULTS: ReadonlySet<string> = new Set([
  ...FAULTS,
  'ERR_CONNECTION_REFUSED',
  'ERR_NO_ROUTE',
  'ERR_CONNECTION_DONE',
]);

/** What it may fail with because its caller gave it up. */
const GIVEN_UP: ReadonlySet<string> = new Set(['ERR_CANCELLED', 'ERR_HTTP_RESPONSE_TIMEOUT']);

/** Most redirections and retries. */
const MOST = 2;

export interface CrowdOptions {
  readonly agent: Agent;
  readonly server: { readonly served: ReadonlyMap<string, readonly Served[]> };
  readonly clock: Clock;
  readonly random: Random;
  readonly url: string;
  readonly requests: number;
  readonly concurrency: number;
  /** Whether good answers always arrive, and in time. */
  readonly isReliable: boolean;
  /** Whether some of the requests have their content decoded. */
  readonly decode: boolean;
}

/** Counts, and what was wrong. */
export interface Tally {
  answers: number;
  errors: number;
  readonly codes: Map<string, number>;
  readonly faults: string[];
}

/** Sends all requests. Settles when the last has ended. */
export async function crowd(options: CrowdOptions): Promise<Tally> {
  const tally: Tally = { answers: 0, errors: 0, codes: new Map(), faults: [] };
  let next = 0;
  async function member(): Promise<void> {
    while (next < options.requests) {
      const id = String(next++);
      await one(options, id, tally);
    }
  }
  await Promise.all(Array.from({ length: options.concurrency }, member));
  return tally;
}

interface Asking {
  readonly options: AgentRequestOptions;
  /** After so many milliseconds. */
  readonly cancelMs: number | undefined;
  readonly isGivenUp: boolean;
}

async function* pieces(random: Random): AsyncGenerator<string> {
  for (let left = random(12); left > 0; left--) yield 'x'.repeat(1 + random(9_000));
}

function askingFor({ random, clock, decode }: CrowdOptions): Asking {
  const chosen = random(100);
  const cancelMs = random(15) === 0 ? random(30) : undefined;
  const total = random(20) === 0 ? { totalTimeoutMs: 1 + random(60) } : {};
  const common = {
    retries: random(MOST + 1),
    decode: decode && random(8) !== 0,
    maxRedirects: MOST,
    ...total,
  };
  const asking = (options: AgentRequestOptions): Asking => ({
    options: { ...common, ...options },
    cancelMs,
    isGivenUp: cancelMs !== undefined || 'totalTimeoutMs' in common || 'signal' in options,
  });
  if (chosen < 5) return asking({ method: 'HEAD' });
  if (chosen < 10) return asking({ method: 'DELETE' });
  if (chosen < 25) return asking({ method: 'POST', content: 'y'.repeat(random(20_000)) });
  if (chosen < 30) return asking({ method: 'POST', content: pieces(random) });
  if (chosen < 35) return asking({ method: 'PUT', content: () => pieces(random) });
  if (chosen < 40) return asking({ method: 'PUT', content: pieces(random), continueTimeoutMs: 20 });
  if (chosen < 45) {
    const controller = new AbortController();
    clock.callLater(random(20), () => controller.abort());
    return asking({ signal: controller.signal });
  }
  return asking({});
}

async function one(options: CrowdOptions, id: string, tally: Tally): Promise<void> {
  const { agent, random, clock, url } = options;
  const asking = askingFor(options);
  const call = agent.request(`${url}/${id}`, asking.options);
  const { cancelMs } = asking;
  if (cancelMs !== undefined) clock.callLater(cancelMs, () => call.cancel());
  let ended: Ended;
  try {
    const response = await call;
    const reading = READINGS[random(READINGS.length)] as Reading;
    const owner = response.field('id');
    if (owner !== id) tally.faults.push(`${id} has the answer of ${owner}`);
    ended = { ...(await reading(response)), error: undefined };
  } catch (error) {
    ended = { text: undefined, isWhole: false, error };
  }
  const served = options.server.served.get(id) ?? [];
  const what = `${id}: ${served.map(({ behaviour }) => behaviour).join(' / ')}: `;
  for (const fault of faultsOf(options, id, asking, served, ended)) tally.faults.push(what + fault);
  if (ended.error === undefined) tally.answers += 1;
  else count(tally, ended.error);
}

function count(tally: Tally, error: unknown): void {
  tally.errors += 1;
  const code = codeOf(error);
  tally.codes.set(code, (tally.codes.get(code) ?? 0) + 1);
}

function codeOf(error: unknown): string {
  return error instanceof RopewalkError ? error.code : String(error);
}

function* faultsOf(
  { isReliable }: CrowdOptions,
  id: string,
  asking: Asking,
  served: readonly Served[],
  { text, isWhole, error }: Ended,
): Generator<string> {
  const last = served.at(-1);
  const { method = 'GET', retries = 0 } = asking.options;
  const times = served.filter((one) => one.method === method && !one.isRedirected).length;
  const most = method === 'POST' ? 1 : 2 * (retries + 1);
  if (times > most) yield `${method} was sent ${times} times`;
  if (error === undefined) {
    if (last === undefined) yield 'an answer to a request that did not arrive';
    else if (last.outcome === 'error') yield 'an answer that the server did not give';
    if (text === undefined || !isReadable(asking, last)) return;
    if (text !== contentFor(id, text.length)) yield 'content of another';
    const isLong = isWhole && last?.outcome === 'answer' && method !== 'HEAD';
    if (isLong && text.length !== last.length) yield `${text.length} bytes of ${last.length}`;
    return;
  }
  const code = codeOf(error);
  if (asking.isGivenUp ? GIVEN_UP.has(code) : false) return;
  if (!(isReliable ? FAULTS : NETWORK_FAULTS).has(code)) yield `failed with ${code}`;
  if (isReliable && last?.outcome === 'answer')
    yield `lost its answer: ${code} ${(error as Error).message}`;
}

/** Whether the content can be compared. */
function isReadable({ options }: Asking, last: Served | undefined): boolean {
  return last?.coding === 'none' || (last?.coding === 'gzip' && options.decode === true);
}
