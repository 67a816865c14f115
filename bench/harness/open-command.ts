// The command that has the client open the connections of a scenario.

import { join } from 'node:path';
import type { Contender } from './contender.js';
import type { RunningServer } from './contender-process.js';
import type { OpenCommand } from './load-client.js';
import type { Scenario } from './scenario-types.js';
import { FILE_NAME, siteFolder } from './site-folder.js';

/**
 * @param server The server of `contender`, started for the scenario.
 * @param target The port that a SOCKS proxy is to connect to.
 */
export function openCommand(
  scenario: Scenario,
  { bare }: Contender,
  { where, pid }: Pick<RunningServer, 'where' | 'pid'>,
  target?: number,
): OpenCommand {
  const { connections: conns, bytes, tls } = scenario;
  const command: OpenCommand = { where, pid, conns, bytes, ...(tls !== undefined && { tls }) };
  switch (scenario.kind) {
    case 'datagrams':
      return { ...command, load: 'datagrams', out: scenario.out, back: scenario.back };
    case 'workers':
      return { ...command, load: 'turns' };
    case 'echo': {
      const shape = scenario.mode === 'echo' ? 'bytes' : scenario.mode;
      const behindSocks = scenario.service === 'socks' ? target : undefined;
      return { ...command, shape, ...(behindSocks !== undefined && { behindSocks }) };
    }
    case 'http': {
      const { request, content, pipelined } = scenario;
      return { ...command, request, content, pipelined };
    }
    case 'http2':
      return { ...command, http2: scenario.streams, content: scenario.content };
    case 'file': {
      const contentFile = join(siteFolder(bytes), FILE_NAME);
      return { ...command, request: scenario.request, contentFile };
    }
    case 'orders':
      return { ...command, load: 'orders' };
    case 'websocket': {
      const { frames: websocket, mode } = scenario;
      return { ...command, websocket, load: mode === 'broadcast' ? 'broadcast' : 'stream' };
    }
    case 'idle': {
      if (bare) return command;
      if (scenario.service === 'ws') return { ...command, websocket: 'text' };
      const { request, content = '' } = scenario;
      if (scenario.service === 'http2') return { ...command, http2: 1, content };
      return request === undefined ? command : { ...command, request, content };
    }
    case 'churn':
    case 'hold':
      return command;
  }
}
