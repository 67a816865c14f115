// Runs a shell under a pseudo-terminal, types into it, and reads its screen.
import { createReactor } from 'ropewalk';
import { keyOf, TerminalProcess } from 'ropewalk/terminal';

const size = { columns: 40, rows: 6 };
const reactor = createReactor({ kind: 'native' });
const shell = new TerminalProcess(size);
const env = { ...process.env, TERM: 'xterm-256color', PS1: '$ ' };
reactor.spawnProcess(shell, 'bash', { args: ['--norc', '--noprofile'], env, pty: size });

/** Types a command and waits for text on the screen. */
async function run(command: string, shown: RegExp): Promise<void> {
  shell.transport.write(command);
  shell.client.sendKey(keyOf('Enter'));
  await shell.client.expect(shown).addTimeout(5_000, reactor);
}

reactor.callWhenRunning(async () => {
  try {
    await shell.client.expect(/^\$$/m).addTimeout(5_000, reactor);
    await run('stty size', /^6 40\n\$$/m);
    shell.resize({ columns: 60, rows: 8 });
    await run('stty size', /^8 60\n\$$/m);
    await run("printf '\\e[1;31mred\\e[m\\n'", /^red\n\$$/m);
    console.log(shell.screen.toString().trimEnd());
    const row = shell.screen.lines.indexOf('red');
    console.log(shell.screen.cell(0, row).style); // { bold: true, foreground: 1 }
  } finally {
    shell.transport.loseConnection(); // the terminal is gone: SIGHUP
    reactor.stop();
  }
});
await reactor.run();
