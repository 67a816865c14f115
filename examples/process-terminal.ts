// Runs a program under a terminal of its own, whose size changes: `node --import tsx examples/process-terminal.ts`.
import { createReactor, ProcessProtocol } from 'ropewalk';

class Shell extends ProcessProtocol {
  override connectionMade(): void {
    this.transport.write('stty size; read line; stty size\n');
  }

  override outReceived(data: Buffer): void {
    process.stdout.write(data);
    if (!data.includes('24 80')) return;
    this.transport.setTerminalSize({ columns: 132, rows: 50 });
    this.transport.write('go on\n');
    this.transport.write('exit\n');
  }
}

const reactor = createReactor({ kind: 'native' });
const env = { PATH: process.env.PATH, PS1: '$ ' };
reactor.spawnProcess(new Shell(), '/bin/sh', { env, pty: { columns: 80, rows: 24 } });
