// The module that each worker of worker-group.ts runs.
import { Protocol } from 'ropewalk';
import type { WorkerContext, WorkerStop } from 'ropewalk/workers';

export default function (worker: WorkerContext<{ port: number }>): WorkerStop {
  const open = new Set<Echo>();
  const messages = worker.counter('messages');

  class Echo extends Protocol {
    override connectionMade(): void {
      open.add(this);
      this.transport.registerProducer(this.transport, true);
      this.transport.write(`worker ${worker.index} of ${worker.workers}\n`);
    }

    override dataReceived(data: Buffer): void {
      messages.add();
      this.transport.write(data);
    }

    override connectionLost(): void {
      open.delete(this);
    }

    leave(): void {
      this.transport.write('goodbye\n');
      this.transport.unregisterProducer();
      this.transport.loseConnection();
    }
  }

  worker.gauge('visitors', () => open.size);
  worker.listenTCP(worker.data.port, Echo, { interface: '127.0.0.1' });

  // The worker accepts no more connections: end the open ones.
  return () => {
    for (const visitor of open) visitor.leave();
  };
}
