/** The transcripts of both parsers, at every split. */
import { describe, expect, it } from 'vitest';
import { HTTP_RULES } from '../../../src/protocols/http/errors.js';
import { readTranscripts, runTranscript, type Transcript } from '../../../src/testing/index.js';
import { requestEvents, responseEvents } from './events.js';

function transcripts(name: string): Transcript[] {
  return readTranscripts(new URL(`transcripts/${name}.md`, import.meta.url));
}

function sentMethods(title: string): string[] | undefined {
  return /\(after ([A-Z+, ]+)\)$/.exec(title)?.[1]?.split(', ');
}

const requests = [...transcripts('requests'), ...transcripts('refused-requests')];
const responses = [...transcripts('responses'), ...transcripts('refused-responses')];

describe('RequestParser', () => {
  it.each(requests)('$title', async (transcript) => {
    await runTranscript(transcript, { decode: (chunks) => requestEvents(chunks) });
  });
});

describe('ResponseParser', () => {
  it.each(responses)('$title', async (transcript) => {
    const sent = sentMethods(transcript.title);
    await runTranscript(transcript, { decode: (chunks) => responseEvents(chunks, sent) });
  });
});

it('has a transcript for each rule', () => {
  const refused = [...requests, ...responses].flatMap((transcript) =>
    transcript.kind === 'events' ? transcript.events.map(({ text }) => text.split(' ')[2]) : [],
  );
  for (const rule of HTTP_RULES) expect(refused).toContain(rule);
});
