// Runs microsocks. Its CPU time is that of this process's children.
import { freePort, runPeer } from '../peer-program.mjs';

const port = await freePort();
await runPeer(port, 'microsocks', ['-i', '127.0.0.1', '-p', String(port)]);
