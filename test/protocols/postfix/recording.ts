/** The messages of both table protocols in a stream, read as requests and as replies, as text. */
import { RemoteProtocolError } from '../../../src/core/errors/base.js';
import { DIALECTS, type TableProtocol } from '../../../src/protocols/postfix/dialects.js';

/** Throws if a message is not the same after it was written again. */
export function tableMessages(protocol: TableProtocol, chunks: readonly Buffer[]): string[] {
  const dialect = DIALECTS[protocol];
  const decoder = dialect.makeDecoder(200);
  const again = (bytes: Buffer): Buffer => {
    const copy = dialect.makeDecoder(100_000);
    copy.receive(bytes);
    return copy.next() ?? Buffer.from('none');
  };
  const lines: string[] = [];
  const note = (read: () => object, write: () => object): void => {
    try {
      lines.push(JSON.stringify(read()));
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      lines.push(error.message);
      return;
    }
    if (JSON.stringify(write()) !== lines.at(-1)) throw new Error('not the same');
  };
  try {
    for (const chunk of chunks) {
      decoder.receive(Buffer.from(chunk));
      for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) {
        const bytes = frame;
        const request = (): object => dialect.parseRequest(bytes);
        note(request, () => {
          const found = dialect.parseRequest(bytes);
          if (found.key === '') return found; // is not written
          return dialect.parseRequest(again(dialect.serializeRequest(found)));
        });
        const reply = (): object => dialect.parseReply(bytes);
        note(reply, () =>
          dialect.parseReply(again(dialect.serializeReply(dialect.parseReply(bytes)))),
        );
      }
    }
  } catch (error) {
    if (!(error instanceof RemoteProtocolError)) throw error;
    lines.push(error.message);
  }
  return lines;
}
