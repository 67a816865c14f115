/** Events of whole documents, by this package's parser and by saxes. */
import { SaxesParser, type SaxesTagNS } from 'saxes';
import {
  InvalidXMLError,
  XMLLimitError,
  XMLParser,
  type XMLParserOptions,
} from '../../../src/protocols/xml/index.js';

export type Recorded = readonly (readonly string[])[];

/** Adjacent text is joined, because it depends on how the input is cut. */
class Recording {
  readonly events: string[][] = [];

  add(...event: string[]): void {
    const last = this.events.at(-1);
    if (event[0] === 'text' && last?.[0] === 'text') last[1] += event[1] ?? '';
    else this.events.push(event);
  }
}

/** The events of a document, or the code of the error. */
export function xmlEvents(
  chunks: readonly (string | Uint8Array)[],
  options?: XMLParserOptions,
): Recorded | string {
  const recording = new Recording();
  const parser = new XMLParser(options);
  try {
    for (const chunk of chunks) {
      parser.receive(chunk);
      for (let event = parser.next(); event !== undefined; event = parser.next()) {
        if (event.type === 'text') recording.add('text', event.text);
        else {
          const attributes = event.type === 'open' ? event.attributes : [];
          recording.add(
            event.type,
            event.name,
            event.namespace,
            ...attributes.flatMap(({ name, namespace, value }) => [name, namespace, value]),
          );
        }
      }
    }
    parser.end();
    return recording.events;
  } catch (error) {
    if (error instanceof InvalidXMLError || error instanceof XMLLimitError) return error.code;
    throw error;
  }
}

/** The same by saxes. */
export function saxesEvents(text: string): Recorded | 'ERR_INVALID_XML' {
  const recording = new Recording();
  const parser = new SaxesParser({ xmlns: true });
  let failed = false;
  parser.on('error', () => {
    failed = true;
  });
  parser.on('doctype', () => {
    failed = true;
  });
  parser.on('opentag', (tag: SaxesTagNS) => {
    recording.add(
      'open',
      tag.name,
      tag.uri,
      ...Object.values(tag.attributes).flatMap(({ name, uri, value }) => [name, uri, value]),
    );
  });
  parser.on('closetag', ({ name, uri }: SaxesTagNS) => recording.add('close', name, uri));
  const text_ = (part: string): void => {
    if (part !== '' && recording.events.length > 0) recording.add('text', part);
  };
  parser.on('text', text_);
  parser.on('cdata', text_);
  parser.write(text).close();
  if (failed) return 'ERR_INVALID_XML';
  const { events } = recording;
  // It reports whitespace behind the root too.
  if (events.at(-1)?.[0] === 'text') events.pop();
  return events;
}
