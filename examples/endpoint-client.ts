// Sends a line through the endpoint that the command line describes, and prints the answer.
import { clientFromString, connectProtocol, createReactor, Deferred, Protocol } from 'ropewalk';

class Question extends Protocol {
  readonly answered = new Deferred<string>();

  override dataReceived(data: Buffer): void {
    if (!this.answered.fired) this.answered.callback(String(data).trimEnd());
  }

  override connectionLost(reason: Error): void {
    if (!this.answered.fired) this.answered.errback(reason);
  }
}

const [text = 'tcp:127.0.0.1:7030', line = 'hello'] = process.argv.slice(2);
const reactor = createReactor();
try {
  const question = await connectProtocol(clientFromString(reactor, text), new Question());
  question.transport.write(`${line}\n`);
  console.log(await question.answered);
} catch (error) {
  console.error(`endpoint-client: ${(error as Error).message}`);
  process.exitCode = 1;
}
await reactor[Symbol.asyncDispose]();
