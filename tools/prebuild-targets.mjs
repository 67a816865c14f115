// @ts-check
// The platforms for which the npm package contains an addon: how zig names and links each, and what the
// file may require of the system. Folders and files are named as node-gyp-build expects.

/**
 * @typedef {object} Target
 * @property {string} name
 * @property {string} file below prebuilds/
 * @property {'linux' | 'mac' | 'win'} os as binding.gyp calls it
 * @property {string} zig the compiler's `-target`
 * @property {string[]} flags including sources and libraries of this target only
 * @property {'elf' | 'mach-o' | 'pe'} format
 * @property {'x64' | 'arm64'} machine
 * @property {RegExp} libraries the libraries that it may load
 * @property {RegExp} [exports] further exports that it may have
 * @property {string} [glibc] the newest version of glibc symbols that it may use
 * @property {string} minimum the oldest system that it runs on, for display
 */

// The largest, of macOS, which are linked without optimisation, have 650 KiB since the addon has foreign loops.
const MAXIMUM_BYTES = 768 * 1024;

// For addons that contain their C++ library.
const TERMINATE = 'tools/toolchain/terminate.cc';

const ELF = [
  TERMINATE,
  '-fPIC',
  '-flto',
  '-Wl,--gc-sections,-s',
  `-Wl,--version-script=tools/toolchain/exports.map`,
];

// The oldest glibc that Node 20 supports.
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
    // By default zig would link its own musl into the addon, beside that of the process.
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
    // The system's C++ library, which Node loads too; libc++.tbd lists the symbols that we use. The
    // headers reject functions that this version of macOS lacks.
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
  // native/node_imports_win.cc declares Node's functions as variables.
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
  // zig's unwinder exports its symbols. Nothing binds to an addon's exports on Windows.
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
