// @ts-check
// The runs that one Linux machine can make for each platform: the contract suite in an engine, the native core's own tests, or
// a check of the addon's file.

/**
 * @typedef {object} Run
 * @property {string} name as `--only` calls it
 * @property {string} title
 * @property {string} how what runs it, for people
 * @property {string} [target] whose addon it is about: one of tools/prebuild-targets.mjs
 * @property {string} [engine] of engines.mjs; none where none can be had
 * @property {string} [reactors] that the contract suite is run on
 * @property {number} [patience] every deadline is so many times as long
 * @property {number} [jobs] files at a time: 3, for most of the time of most tests is waiting
 * @property {NativeTests} [native] the core's own tests, cross-built
 */

/**
 * @typedef {object} NativeTests
 * @property {string} zig the compiler's `-target` and what belongs to it
 * @property {string} [system] as CMake calls it; Linux if left out
 * @property {string[]} emulator
 * @property {string[]} needs of machine.mjs
 * @property {boolean} [dynamic] linked with a C library that zig would put into the program
 * @property {Record<string, string[]>} [leftOut] programs that are not run, by the reason
 * @property {Record<string, string[]>} [untold] stories that are told in part or not at all, by the reason
 */

const GLIBC = 'linux-x64-glibc';
const BOTH = 'native,node';
const QEMU = ['qemu-aarch64-static', '-L', '/usr/aarch64-linux-gnu'];

/** For all platforms that zig builds for. */
const NO_SHIM = {
  'zig cannot link the kqueue substitute': ['kqueue_shim_test'],
  'the completion ports made of poll(2) are built for one kind of machine': [
    'iocp_shim_thread_test',
  ],
};
/** The programs detect this themselves. */
const UNTOLD_BY_QEMU = {
  'qemu-user returns only four bytes of TCP_INFO': ['sendsATurnsWritesTogether'],
};
const UNTOLD_BY_WINE = {
  'a read under Wine reports the end of input after a reset by the peer': [
    'foldsErrors',
    'resets',
    'resetsByCall',
  ],
  'Wine does not report refusals to datagram sockets that are polled': ['tellsRefusals'],
  'Wine does not send control messages with datagrams': [
    'tellsDestinations',
    'tellsTrafficClasses',
  ],
};
/** native/CMakeLists.txt does not build them there. */
const NOT_ON_WINDOWS = {
  'the core has no UNIX sockets on Windows': [
    'reactor_datagram_unix_test',
    'reactor_unix_closing_test',
    'reactor_unix_test',
  ],
  'sockets cannot be adopted on Windows': ['reactor_adopt_test', 'reactor_datagram_adopt_test'],
  'descriptors cannot be passed on Windows': [
    'ancillary_test',
    'descriptor_queue_test',
    'reactor_descriptor_passing_test',
    'reactor_descriptor_sending_test',
  ],
  'files are read and written on Windows': ['reactor_send_file_test'],
  'a process on Windows has no limit of sockets': ['reactor_accept_limit_test'],
  'calls of POSIX are made to fail': ['reactor_call_faults_test'],
  'pipes, processes and terminals are those of Node on Windows': [
    'reactor_pipe_test',
    'spawn_test',
    'spawn_fallback_test',
    'terminal_mode_test',
  ],
  'the kqueue substitute needs epoll': ['kqueue_shim_test'],
  'the completion ports are real': ['iocp_shim_thread_test'],
};

/** @param {string} version @returns {Run} */
const otherNode = (version) => ({
  name: `node${version}`,
  title: `Linux x64, Node ${version}`,
  how: 'here',
  target: GLIBC,
  engine: `node${version}`,
  reactors: BOTH,
});

/** @type {readonly Run[]} */
export const RUNS = [
  {
    name: 'node',
    title: 'Linux x64, Node 20',
    how: 'here',
    target: GLIBC,
    engine: 'node',
    reactors: BOTH,
  },
  otherNode('22'),
  otherNode('24'),
  otherNode('26'),
  { name: 'deno', title: 'Linux x64, Deno', how: 'here', engine: 'deno', reactors: 'node' },
  { name: 'bun', title: 'Linux x64, Bun', how: 'here', engine: 'bun', reactors: 'node' },
  {
    name: 'linux-arm64',
    title: 'Linux arm64, Node 20',
    how: 'under qemu-user',
    target: 'linux-arm64-glibc',
    engine: 'node20-arm64',
    reactors: BOTH,
    patience: 8,
    jobs: 2,
    native: {
      zig: 'aarch64-linux-gnu.2.28',
      emulator: QEMU,
      needs: ['qemu', 'arm64-libraries'],
      leftOut: NO_SHIM,
      untold: UNTOLD_BY_QEMU,
    },
  },
  {
    name: 'linux-x64-musl',
    title: 'Linux x64, musl',
    how: 'here, over musl’s own loader',
    target: 'linux-x64-musl',
    native: {
      zig: 'x86_64-linux-musl',
      dynamic: true,
      emulator: [],
      needs: ['musl'],
      leftOut: NO_SHIM,
    },
  },
  {
    name: 'linux-arm64-musl',
    title: 'Linux arm64, musl',
    how: 'under qemu-user, linked statically',
    target: 'linux-arm64-musl',
    native: {
      zig: 'aarch64-linux-musl',
      emulator: QEMU,
      needs: ['qemu'],
      leftOut: NO_SHIM,
      untold: UNTOLD_BY_QEMU,
    },
  },
  {
    name: 'win32-x64',
    title: 'Windows x64, Node 20',
    how: 'under Wine',
    target: 'win32-x64',
    engine: 'node20-win',
    reactors: BOTH,
    patience: 3,
    jobs: 4,
    native: {
      zig: 'x86_64-windows-gnu',
      system: 'Windows',
      emulator: ['wine'],
      needs: ['wine'],
      leftOut: NOT_ON_WINDOWS,
      untold: UNTOLD_BY_WINE,
    },
  },
  { name: 'win32-arm64', title: 'Windows arm64', how: 'nowhere', target: 'win32-arm64' },
  { name: 'darwin-x64', title: 'macOS x64', how: 'nowhere', target: 'darwin-x64' },
  { name: 'darwin-arm64', title: 'macOS arm64', how: 'nowhere', target: 'darwin-arm64' },
];
