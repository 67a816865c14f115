// Node's own parser, as `node:http` uses it. Node gives no other way to it than the deprecated `process.binding`.

interface Binding {
  readonly HTTPParser: { new (): NodeParser; readonly REQUEST: number } & Callbacks;
}

/** The indices of the callbacks in a parser. */
interface Callbacks {
  readonly kOnHeadersComplete: number;
  readonly kOnMessageComplete: number;
}

interface NodeParser {
  initialize(type: number, resource: object): void;
  execute(chunk: Buffer): number | Error;
  close(): void;
  [callback: number]: unknown;
}

let read = 0;

function headersComplete(
  _major: number,
  _minor: number,
  _headers: readonly string[],
  method: number,
  url: string,
): number {
  if (method !== undefined && url !== '') read += 1;
  return 0;
}

/** Parses the chunk so many times, and returns the number of requests. */
export function nodeParser(chunk: Buffer, times: number): number {
  const { HTTPParser } = (process as unknown as { binding(name: string): Binding }).binding(
    'http_parser',
  );
  const parser = new HTTPParser();
  parser.initialize(HTTPParser.REQUEST, {});
  parser[HTTPParser.kOnHeadersComplete | 0] = headersComplete;
  parser[HTTPParser.kOnMessageComplete | 0] = (): void => {};
  read = 0;
  for (let i = 0; i < times; i++) {
    const parsed = parser.execute(chunk);
    if (parsed instanceof Error) throw parsed;
  }
  parser.close();
  return read;
}
