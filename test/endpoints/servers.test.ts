/** `listen` of server endpoints, on sockets of each reactor. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  AdoptedServerEndpoint,
  AlreadyListenedError,
  CannotListenError,
  clientFromString,
  connectProtocol,
  DescriptorError,
  InvalidArgumentTypeError,
  InvalidArgumentValueError,
  NoInheritedSocketError,
  Protocol,
  quoteStringArgument,
  SystemdServerEndpoint,
  serverFromString,
  TCPServerEndpoint,
  UNIXServerEndpoint,
} from '../../src/index.js';
import { AccumulatingProtocol, failureResultOf, MemoryReactor } from '../../src/testing/index.js';
import { contract, type Rig } from '../support/contract.js';
import { within } from '../support/deadline.js';
import { needs } from '../support/platform.js';
import { hasIPv6, portIn } from '../support/sockets.js';
