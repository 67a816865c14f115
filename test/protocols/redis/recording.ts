/** What a client reads, as text. */
import { RopewalkError } from '../../../src/core/errors/base.js';
import {
  InvalidRedisReplyError,
  RedisConnection,
  type RedisLimits,
  RedisParser,
  RedisServerError,
  type RedisValue,
} from '../../../src/protocols/redis/index.js';

/** Chunks are overwritten after they were received, as lent bytes are. */
export function* eventsOf(
  chunks: readonly Buffer[],
  limits: RedisLimits = { maxBulkBytes: 100, maxLineBytes: 64, maxElements: 20, maxDepth: 3 },
): Generator<string> {
  const parser = new RedisParser(limits);
  try {
    for (const chunk of chunks) {
      parser.receive(chunk);
      for (let event = parser.next(); event !== undefined; event = parser.next()) {
        yield event.type === 'push' ? `push ${shown(event.values)}` : `reply ${shown(event.value)}`;
      }
      chunk.fill(0xdb);
    }
  } catch (error) {
    if (!(error instanceof InvalidRedisReplyError)) throw error;
    yield error.message.replace('invalid answer of a Redis server:', 'refused');
  }
}

export function shown(value: RedisValue): string {
  if (Buffer.isBuffer(value)) return JSON.stringify(value.toString('latin1'));
  if (value instanceof RedisServerError) return `error(${value.kind}: ${value.text})`;
  if (Array.isArray(value)) return `[${value.map(shown).join(', ')}]`;
  if (value instanceof Map) {
    return `{${[...value].map(([key, item]) => `${key}: ${shown(item)}`).join(', ')}}`;
  }
  return typeof value === 'bigint' ? `${value}n` : String(value);
}

/** Reads arbitrary bytes as answers to a few commands. Throws if it fails with an error that is not one of ours. */
export function answersTo(chunks: readonly Buffer[]): string[] {
  const connection = new RedisConnection<number>({ maxBulkBytes: 1_000, maxElements: 50 });
  connection.send(['GET', 'a'], 0);
  connection.send(['SUBSCRIBE', 'a'], 1);
  connection.send(['XREAD', 'STREAMS', 'a', 0], 2);
  connection.send(['UNSUBSCRIBE', 'a'], 3);
  const lines: string[] = [];
  try {
    for (const chunk of chunks) {
      const copy = Buffer.from(chunk);
      connection.receive(copy);
      for (let answer = connection.next(); answer !== undefined; answer = connection.next()) {
        lines.push(
          answer.type === 'reply'
            ? `${answer.context} ${shown(answer.value)}`
            : `${answer.kind} ${shown(answer.values)}`,
        );
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
