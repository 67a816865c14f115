# The addon. The same sources without binding*.cc make the library of native/CMakeLists.txt;
# keep the two lists alike. OS differences choose files here, never lines in a file.
{
  "variables": {
    # Set by `node tools/build.mjs --sanitize`, for example "address,undefined".
    "sanitize%": "",
    # Link-time optimisation where the compiler is GCC: another one's needs a linker of its own.
    "lto%": "<!(node -p \"Number(!/clang|zig/.test(process.env.CXX))\")",
  },
  "targets": [
    {
      "target_name": "ropewalk",
      "sources": [
        "native/binding.cc",
        "native/binding_datagrams.cc",
        "native/binding_loop.cc",
        "native/binding_lookup.cc",
        "native/binding_memory.cc",
        "native/binding_streams.cc",
        "native/binding_unix.cc",
        "native/reactor/accepting.cc",
        "native/reactor/adoption.cc",
        "native/reactor/poller_thread.cc",
        "native/reactor/reactor.cc",
        "native/reactor/datagrams_in.cc",
        "native/reactor/datagrams_out.cc",
        "native/reactor/incoming.cc",
        "native/reactor/lingering.cc",
        "native/reactor/outgoing.cc",
        "native/reactor/retries.cc",
        "native/reactor/unix_streams.cc",
        "native/net/datagram_ancillary.cc",
        "native/net/datagram_batch.cc",
        "native/net/datagram_option.cc",
        "native/net/descriptor_queue.cc",
        "native/net/name_lookup.cc",
        "native/net/socket_address.cc",
        "native/net/socket_flag.cc",
        "native/net/write_queue.cc",
        "native/poller/poller.cc",
      ],
      "include_dirs": ["native"],
      "defines": ["NAPI_VERSION=9"],
      # -O3, -fno-exceptions and -fno-rtti come from Node's own common.gypi; the last two are
      # repeated because the code relies on them.
      "cflags": ["-Wall", "-Wextra", "-fvisibility=hidden"],
      "cflags_cc": [
        "-std=c++20", "-fno-exceptions", "-fno-rtti", "-fvisibility-inlines-hidden",
      ],
      "xcode_settings": {
        "CLANG_CXX_LANGUAGE_STANDARD": "c++20",
        "GCC_ENABLE_CPP_EXCEPTIONS": "NO",
        "GCC_ENABLE_CPP_RTTI": "NO",
        "GCC_SYMBOLS_PRIVATE_EXTERN": "YES",
        "MACOSX_DEPLOYMENT_TARGET": "11.0",
        "WARNING_CFLAGS": ["-Wall", "-Wextra"],
      },
      "msvs_settings": {
        "VCCLCompilerTool": {"AdditionalOptions": ["/std:c++20"]},
      },
      "conditions": [
        ["OS=='win'", {
          "sources": [
            "native/net/adopt_win.cc",
            "native/net/datagram_win.cc",
            "native/net/name_lookup_win.cc",
            "native/net/network_interface_win.cc",
            "native/net/socket_win.cc",
            "native/net/unix_socket_win.cc",
            "native/net/win_error.cc",
            "native/poller/afd.cc",
            "native/poller/iocp.cc",
          ],
          "libraries": ["ws2_32.lib", "iphlpapi.lib"],
        }, {
          "sources": [
            "native/net/adopt_posix.cc",
            "native/net/ancillary.cc",
            "native/net/datagram_posix.cc",
            "native/net/name_lookup_posix.cc",
            "native/net/network_interface_posix.cc",
            "native/net/socket_posix.cc",
            "native/net/unix_socket_posix.cc",
            "native/poller/poll.cc",
          ],
        }],
        ["OS=='linux'", {"sources": ["native/poller/epoll.cc"]}],
        ["OS in 'mac freebsd netbsd openbsd'.split()", {"sources": ["native/poller/kqueue.cc"]}],
        ["OS=='linux' and lto==1 and sanitize==''", {
          "cflags": ["-flto=auto"],
          "ldflags": ["-flto=auto", "-Wl,--gc-sections"],
        }],
        ["sanitize!=''", {
          "cflags": [
            "-fsanitize=<(sanitize)", "-fno-sanitize-recover=undefined",
            "-fno-omit-frame-pointer", "-g", "-O1",
          ],
          "ldflags": ["-fsanitize=<(sanitize)"],
        }],
      ],
    },
  ],
}
