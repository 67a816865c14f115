/** A reporter of node:test: a line for each test that has ended, which starts unlike anything that tests print. */
import type { TestEvent } from 'node:test/reporters';

export const MARK = '@result ';

/** `error` is that of a test that has failed. Names of subtests start with `> `. */
export interface Result {
  readonly name: string;
  readonly error?: string;
}

export default async function* report(events: AsyncIterable<TestEvent>): AsyncGenerator<string> {
  for await (const event of events) {
    if (event.type !== 'test:pass' && event.type !== 'test:fail') continue;
    const { data } = event;
    const name = '> '.repeat(data.nesting) + data.name;
    const result: Result =
      event.type === 'test:pass'
        ? { name }
        : { name, error: String(event.data.details.error.cause) };
    yield `\n${MARK}${JSON.stringify(result)}\n`;
  }
}
