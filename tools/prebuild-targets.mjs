// @ts-check
// The platforms that the npm package carries an addon for: how zig names and links each, and what
// the file may need of the system. The folders and files are named as node-gyp-build looks for them.

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {string} file below prebuilds/
 * @property {'linux' | 'mac' | 'win'} os as binding.gyp calls it
 * @property {string} zig the compiler's `-target`
 * @property {string[]} flags with the sources and libraries that only this link has
 * @property {'elf' | 'mach-o' | 'pe'} format
 * @property {'x64' | 'arm64'} machine
 * @property {RegExp} libraries those that it may load
 * @property {RegExp} [exports] those that it may have besides what Node looks for
 * @property {string} [glibc] the newest version of glibc's symbols that it may use
 * @property {string} minimum the oldest system that it runs on, for people
 */

const MAXIMUM_BYTES = 400 * 1024;

// For an addon that has its C++ library inside.
const TERMINATE = 'tools/toolchain/terminate.cc';

const ELF = [
  TERMINATE,
  '-fPIC',
  '-flto',
  '-Wl,--gc-sections,-s',
  `-Wl,--version-script=tools/toolchain/exports.map`,
];

// Node 20's own floor: whoever has an older glibc has no Node.
const GLIBC = '2.28';

/** @param {'x64' | 'arm64'} machine @param {string} zig @returns {Target[]} */
const linux = (machine, zig) => [
  {
    name: `linux-${machine}-glibc`,
    file: `linux-${machine}/ropewalk.glibc.node`,
    os: 'linux',
    zig: `${zig}-linux-gnu.${GLIBC}`,
    flags: ELF,
    format: 'elf',
    machine,
    libraries: /^(lib(c|m|dl)\.so\.6|libpthread\.so\.0|libdl\.so\.2|ld-linux-[-\w]+\.so\.[12])$/,
    glibc: GLIBC,
    minimum: `glibc ${GLIBC}`,
  },
  {
    name: `linux-${machine}-musl`,
    file: `linux-${machine}/ropewalk.musl.node`,
    os: 'linux',
    zig: `${zig}-linux-musl`,
    // zig would link its own musl into the addon, beside the one of the process.
    flags: [...ELF, '-dynamic', '-lc'],
    format: 'elf',
    machine,
    libraries: /^libc\.so$/,
    minimum: 'musl 1.2',
  },
];

/** @param {'x64' | 'arm64'} machine @param {string} zig @returns {Target} */
const mac = (machine, zig) => ({
  name: `darwin-${machine}`,
  file: `darwin-${machine}/ropewalk.node`,
  os: 'mac',
  zig: `${zig}-macos.11.0`,
  flags: [
    '-fPIC',
    // The system's C++ library, which Node loads too: its file lists what we use of it. Headers that
    // know since when macOS has a function refuse what it lacks.
    '-nostdlib++',
    '-D_LIBCPP_ABI_VERSION=1',
    '-D_LIBCPP_ABI_NAMESPACE=__1',
    'tools/toolchain/libc++.tbd',
    '-Wl,-undefined,dynamic_lookup,-dead_strip,-s',
    '-Wl,-install_name,@rpath/ropewalk.node',
  ],
  format: 'mach-o',
  machine,
  libraries: /^\/usr\/lib\/(libSystem\.B|libc\+\+\.1)\.dylib$/,
  minimum: 'macOS 11.0',
});

/** @param {'x64' | 'arm64'} machine @param {string} zig @returns {Target} */
const win = (machine, zig) => ({
  name: `win32-${machine}`,
  file: `win32-${machine}/ropewalk.node`,
  os: 'win',
  zig: `${zig}-windows-gnu`,
  // Node's functions are variables of native/node_imports_win.cc.
  flags: [
    '-DNAPI_EXTERN=__declspec(dllimport)',
    '-DUSING_UV_SHARED=1',
    '-D_WIN32_WINNT=0x0A00',
    TERMINATE,
    'native/node_imports_win.cc',
    '-Wl,--gc-sections,-s',
  ],
  format: 'pe',
  machine,
  libraries: /^(kernel32|msvcrt|ntdll|ws2_32|iphlpapi)\.dll$/i,
  // zig's unwinder is made for a DLL of its own. No one binds to a name of an addon on Windows.
  exports: /^(_?_Unwind|_?unw|_GCC)_/,
  minimum: 'Windows 10',
});

/** @type {readonly Target[]} */
const TARGETS = [
  ...linux('x64', 'x86_64'),
  ...linux('arm64', 'aarch64'),
  mac('x64', 'x86_64'),
  mac('arm64', 'aarch64'),
  win('x64', 'x86_64'),
  win('arm64', 'aarch64'),
];

export { MAXIMUM_BYTES, TARGETS };
