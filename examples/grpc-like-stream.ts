// A stream in the manner of gRPC: messages with their length in front in both directions of one HTTP/2 request, and a status in trailers. Server and
// client in one program: `node --import tsx examples/grpc-like-stream.ts [--port 7095]`.
import { parseArgs } from 'node:util';
import { createReactor, LengthFieldDecoder } from 'ropewalk';
import { Agent, HTTPFactory, type HTTPHandler } from 'ropewalk/http';

/** One byte for the compression, which is none here, and the length in four bytes. */
const PREFIX_BYTES = 5;

function framed(text: string): Buffer {
  const frame = Buffer.alloc(PREFIX_BYTES + Buffer.byteLength(text));
  frame.writeUInt32BE(frame.length - PREFIX_BYTES, 1);
  frame.write(text, PREFIX_BYTES);
  return frame;
}

async function* messagesIn(pieces: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new LengthFieldDecoder({
    lengthFieldOffset: 1,
    lengthFieldLength: 4,
    initialBytesToStrip: PREFIX_BYTES,
  });
  for await (const piece of pieces) {
    decoder.receive(piece);
    for (let frame = decoder.next(); frame !== undefined; frame = decoder.next()) yield `${frame}`;
  }
}

/** Answers each number with the sum so far. */
const sums: HTTPHandler = async (request, response) => {
  let sum = 0;
  response.setField('Content-Type', 'application/grpc');
  for await (const text of messagesIn(request)) {
    sum += Number(text);
    if (!response.write(framed(`${sum}`))) await response.drained();
  }
  const isNumber = Number.isFinite(sum);
  response
    .setTrailer('grpc-status', isNumber ? '0' : '3')
    .setTrailer('grpc-message', isNumber ? 'OK' : 'not a number');
  response.end();
};

const { port = '7095' } = parseArgs({ options: { port: { type: 'string' } } }).values;
const reactor = createReactor();
const listening = reactor.listenTCP(Number(port), new HTTPFactory(reactor, sums), {
  interface: '127.0.0.1',
});
const baseURL = `http://127.0.0.1:${listening.getHost().port}`;
const agent = new Agent(reactor, { baseURL, http2: 'prior-knowledge' });

// Each number is sent when the answer to the one before has arrived.
let answered = (): void => {};
async function* numbers(): AsyncGenerator<Buffer> {
  for (const number of [1, 2, 3, 4]) {
    const answer = new Promise<void>((resolve) => (answered = resolve));
    yield framed(`${number}`);
    await answer;
  }
}

const response = await agent.post('/sums.Sums/Add', {
  content: numbers(),
  fields: { TE: 'trailers' },
});
for await (const sum of messagesIn(response)) {
  console.log(`sum ${sum}`);
  answered();
}
console.log(`HTTP/${response.version}, status ${response.trailers?.field('grpc-status')}`);
await agent.close();
await listening.stopListening();
