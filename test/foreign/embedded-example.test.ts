/** examples/inside-glib.ts serves inside GLib, and ends by a signal. */
import { connect } from 'node:net';
import { expect, it } from 'vitest';
import { Child } from '../support/child.js';
import { within } from '../support/deadline.js';

it('the example serves inside GLib until a signal', async () => {
  const program = new URL('../../examples/inside-glib.ts', import.meta.url);
  await using child = new Child(program, ['--port', '0']);
  const port = Number((await child.printed(/on port (\d+)/))[1]);
  const socket = connect(port, '127.0.0.1');
  const echoed = new Promise((resolve) => socket.once('data', resolve));
  socket.write('inside');
  expect(String(await within(echoed, 'the echo'))).toBe('inside');
  await child.printed(/^1 connections$/m);
  socket.destroy();
  child.process.kill('SIGTERM');
  expect(await child.result()).toMatchObject({ code: 0, stderr: '' });
});
