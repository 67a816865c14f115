/** The answers that a client reads, as text. */
import { RopewalkError } from '../../../src/core/errors/base.js';
import {
  getRequest,
  InvalidMemcacheReplyError,
  MemcacheConnection,
  type MemcacheLimits,
  MemcacheParser,
  type MemcachePart,
  metaNoopRequest,
  metaRequest,
  statsRequest,
  storageRequest,
  versionRequest,
} from '../../../src/protocols/memcache/index.js';

/** Chunks are overwritten after they were received, as lent bytes are. */
export function* partsOf(
  chunks: readonly Buffer[],
  limits: MemcacheLimits = { maxValueBytes: 100, maxLineBytes: 64 },
): Generator<string> {
  const parser = new MemcacheParser(limits);
  try {
    for (const chunk of chunks) {
      parser.receive(chunk);
      for (let part = parser.next(); part !== undefined; part = parser.next()) yield shown(part);
      chunk.fill(0xdb);
    }
  } catch (error) {
    if (!(error instanceof InvalidMemcacheReplyError)) throw error;
    yield error.message.replace('invalid answer of a memcache server:', 'refused');
  }
}

function shown(part: MemcachePart): string {
  const text = (bytes: Buffer | string): string => JSON.stringify(bytes.toString());
  if (part.type === 'value')
    return `value ${part.key} ${part.flags} ${part.cas} ${text(part.value)}`;
  if (part.type === 'meta') {
    const flags = [...part.flags].map(([letter, token]) => ` ${letter}=${token}`);
    const value = part.value === undefined ? '' : ` ${text(part.value)}`;
    return `meta ${part.status}${flags.join('')}${value}`;
  }
  if (part.type === 'status') return `status ${part.status}`;
  if (part.type === 'number') return `number ${part.value}`;
  if (part.type === 'stat') return `stat ${part.name} ${text(part.value)}`;
  if (part.type === 'version') return `version ${part.version}`;
  if (part.type === 'debug') {
    return `debug${[...part.fields].map(([name, value]) => ` ${name}=${value}`).join('')}`;
  }
  return part.type === 'error' ? `error ${part.kind} ${text(part.text)}` : part.type;
}

/** Reads arbitrary bytes as answers to one command of each form. Throws if it fails with an error that is not one of memcache. */
export function answersTo(chunks: readonly Buffer[]): string[] {
  const connection = new MemcacheConnection<number>({ maxValueBytes: 1_000, maxStats: 5 });
  const requests = [
    getRequest(['a', 'b'], true),
    storageRequest('set', 'a', 'x', { flags: 0, exptime: 0 }),
    metaRequest('mg', 'a', ['v', 'O1']),
    statsRequest(undefined),
    versionRequest(),
    metaNoopRequest(),
  ];
  requests.forEach((request, i) => void connection.send(request, i));
  const lines: string[] = [];
  try {
    for (const chunk of chunks) {
      const copy = Buffer.from(chunk);
      connection.receive(copy);
      for (let answer = connection.next(); answer !== undefined; answer = connection.next()) {
        lines.push(`${answer.context} ${answer.fatal} ${text(answer.reply)}`);
      }
      copy.fill(0xdb);
    }
    lines.push(`unanswered ${connection.unanswered}`);
  } catch (error) {
    if (!(error instanceof RopewalkError)) throw error;
    lines.push(error.message);
  }
  return lines;
}

function text(reply: unknown): string {
  return JSON.stringify(reply, (_key, value: unknown) => {
    if (value instanceof Map) return [...value];
    return typeof value === 'bigint' ? String(value) : value;
  });
}
