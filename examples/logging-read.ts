// Counts the events of a log by namespace and level: `node --import tsx examples/logging-read.ts chat.log`.
import { createReadStream } from 'node:fs';
import { eventsFromJsonLines } from 'ropewalk/logger';

const counts = new Map<string, number>();
for await (const event of eventsFromJsonLines(createReadStream(process.argv[2] ?? 'chat.log'))) {
  const key = `${event.namespace} ${event.level}`;
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
for (const [key, count] of counts) console.log(`${key}: ${count}`);
