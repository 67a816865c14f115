/** A loopback address that other processes do not use: their attempts to reach a port that has closed do not arrive here. */
import { randomInt } from 'node:crypto';

/** Linux receives all of 127.0.0.0/8; other systems have 127.0.0.1 only. */
export const OWN_LOOPBACK: string =
  process.platform === 'linux'
    ? `127.${randomInt(1, 255)}.${randomInt(1, 255)}.${randomInt(1, 255)}`
    : '127.0.0.1';
