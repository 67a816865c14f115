/** The program of each thread: runs the calls that arrive, one after another. */
import { workerData } from 'node:worker_threads';
import { Callee } from './callee.js';
import { enterThread } from './inside.js';
import type { ThreadStart } from './messages.js';

const { port, cells } = workerData as ThreadStart;
enterThread(new Callee(port, cells));
