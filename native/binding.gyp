# The addon. The package ships this file here because npm compiles a package that has a binding.gyp
# at its root; the repository's own binding.gyp includes it. The same sources without binding*.cc
# make the library of CMakeLists.txt; keep the two lists in step. Paths are relative to this folder.
# OS differences select files here, never lines within a file.
{
  "variables": {
    # Set by `node tools/build.mjs --sanitize`, for example "address,undefined".
    "sanitize%": "",
    # Link-time optimisation with GCC only: other compilers need their own linker for it.
    "lto%": "<!(node -p \"Number(!/clang|zig/.test(process.env.CXX))\")",
  },
  "targets": [
    {
      "target_name": "ropewalk",
      "sources": [
        "binding.cc",
        "binding_datagrams.cc",
        "binding_loop.cc",
        "binding_lookup.cc",
        "binding_memory.cc",
        "binding_process.cc",
        "binding_pipes.cc",
        "binding_streams.cc",
        "binding_tls.cc",
        "binding_tls_facts.cc",
        "binding_tls_settings.cc",
        "binding_tls_streams.cc",
        "binding_unix.cc",
        "reactor/accepting.cc",
        "reactor/adoption.cc",
        "reactor/poller_thread.cc",
        "reactor/reactor.cc",
        "reactor/datagrams_in.cc",
        "reactor/datagrams_out.cc",
        "reactor/event_batch.cc",
        "reactor/incoming.cc",
        "reactor/lingering.cc",
        "reactor/outgoing.cc",
        "reactor/pipes.cc",
        "reactor/retries.cc",
        "reactor/tls_streams.cc",
        "reactor/unix_streams.cc",
        "net/datagram_ancillary.cc",
        "net/datagram_batch.cc",
        "net/datagram_option.cc",
        "net/descriptor_queue.cc",
        "net/name_lookup.cc",
        "net/socket_address.cc",
        "net/socket_flag.cc",
        "net/write_queue.cc",
        "poller/poller.cc",
        "tls/key_schedule.cc",
        "tls/memory_bio.cc",
        "tls/openssl.cc",
        "tls/record_cipher.cc",
        "tls/record_layer.cc",
        "tls/session_cache.cc",
        "tls/ticket_keys.cc",
        "tls/tls_callbacks.cc",
        "tls/tls_context.cc",
        "tls/tls_roots.cc",
        "tls/tls_session.cc",
        "tls/tls_session_records.cc",
        "tls/tls_session_state.cc",
      ],
      "include_dirs": ["."],
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
            "net/adopt_win.cc",
            "net/datagram_win.cc",
            "net/name_lookup_win.cc",
            "net/network_interface_win.cc",
            "net/socket_win.cc",
            "net/pipe_win.cc",
            "net/unix_socket_win.cc",
            "net/win_error.cc",
            "tls/process_symbol_win.cc",
            "poller/afd.cc",
            "poller/iocp.cc",
            "process/process_win.cc",
          ],
          "libraries": ["ws2_32.lib", "iphlpapi.lib"],
        }, {
          "sources": [
            "net/adopt_posix.cc",
            "net/ancillary.cc",
            "net/datagram_posix.cc",
            "net/name_lookup_posix.cc",
            "net/network_interface_posix.cc",
            "net/pipe_posix.cc",
            "net/socket_posix.cc",
            "net/unix_socket_posix.cc",
            "tls/process_symbol_posix.cc",
            "poller/poll.cc",
            "process/child.cc",
            "process/spawn_posix.cc",
            "process/terminal_posix.cc",
          ],
        }],
        ["OS=='linux'", {
          "sources": ["poller/epoll.cc", "process/child_linux.cc", "process/exit_thread.cc"],
        }],
        ["OS in 'mac freebsd netbsd openbsd'.split()", {
          "sources": ["poller/kqueue.cc", "process/child_bsd.cc"],
        }],
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
