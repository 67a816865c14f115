/** Opens the pure-JS reactor's listening sockets: when these functions return they listen, or the error is known. */
import { chmodSync, statSync } from 'node:fs';

import { addressFrom, UNIXAddress } from '../../core/address.js';
import type { SystemError } from '../../core/errors/base.js';
import { CannotListenError } from '../../core/errors/listening.js';
import { UnsupportedError } from '../../core/errors/reactor.js';
import { WINDOWS } from '../../internal/platform.js';
import { systemError } from '../../internal/system-error.js';
import type { ListenSettings } from '../streams/tcp-settings.js';
import type { UNIXListenSettings } from '../streams/unix-settings.js';
import type { ListenHandle } from './handles.js';
import type { Listening } from './listen-socket.js';
import { IPV6_ONLY, REUSE_PORT } from './net-flags.js';
import { bindListenHandle, bindPipeHandle } from './net-handle.js';

/** @throws CannotListenError, UnsupportedError */
export function listenTCP(settings: ListenSettings): Listening {
  const handle = bindTCP(settings);
  const name: { address?: string; port?: number } = {};
  // libuv keeps some of bind(2)'s errors until the socket is used.
  const bindStatus = handle.getsockname?.(name) ?? 0;
  const status = bindStatus < 0 ? bindStatus : handle.listen(settings.backlog);
  if (status < 0) {
    handle.close();
    throw cannotListen(settings, bindStatus < 0 ? 'bind' : 'listen', status);
  }
  const { interface: host, port } = settings;
  return { handle, address: addressFrom('TCP', name.address ?? host, name.port ?? port) };
}

/**
 * Nobody can connect before listen(2), and by then the file has its mode, so it doesn't matter that bind(2) gave it another.
 * But the file is found by name: a process that may write to the folder could put a link in its place in between, so that
 * the mode of another file is changed. Don't put sockets into such a folder.
 * @throws CannotListenError
 */
export function listenUNIX(settings: UNIXListenSettings): Listening {
  const { path, mode, backlog } = settings;
  const address = new UNIXAddress(path);
  const handle = bindPipeHandle(path);
  if (typeof handle === 'number') {
    const missing = !WINDOWS && isError(handle, 'EACCES') && lacksFolder(path);
    const cause = systemError('bind', missing ? 'ENOENT' : -handle, path);
    throw new CannotListenError(address, { cause });
  }
  try {
    if (!address.abstract && !WINDOWS) chmodSync(path, mode);
    const status = handle.listen(backlog);
    if (status < 0) throw systemError('listen', -status, path);
  } catch (cause) {
    handle.close();
    throw new CannotListenError(address, { cause });
  }
  return { handle, address };
}

/** libuv reports a missing folder as EACCES, as Windows does. */
function lacksFolder(path: string): boolean {
  try {
    statSync(path.slice(0, path.lastIndexOf('/')) || '/');
    return false;
  } catch (error) {
    return (error as SystemError).code === 'ENOENT' && path.includes('/');
  }
}

function bindTCP(settings: ListenSettings): ListenHandle {
  const { interface: host, port, ipv6Only, reusePort } = settings;
  const flags = (ipv6Only ? IPV6_ONLY : 0) | (reusePort ? REUSE_PORT : 0);
  let bound = bindListenHandle(host || '::', port, flags);
  if (
    host === '' &&
    !ipv6Only &&
    (isError(bound, 'EAFNOSUPPORT') || isError(bound, 'EADDRNOTAVAIL'))
  ) {
    bound = bindListenHandle('0.0.0.0', port, flags);
  }
  if (isError(bound, 'ENOTSUP') && reusePort) {
    throw new UnsupportedError('reusePort', 'this system does not balance between sockets');
  }
  if (typeof bound === 'number') throw cannotListen(settings, 'bind', bound);
  return bound;
}

function cannotListen(
  settings: ListenSettings,
  syscall: string,
  status: number,
): CannotListenError {
  const { interface: host, port } = settings;
  const cause = systemError(syscall, -status, host || '::', port);
  return new CannotListenError(settings, { cause });
}

function isError(bound: ListenHandle | number, code: string): boolean {
  return typeof bound === 'number' && systemError('bind', -bound).code === code;
}
