// For tests of foreign loops: a pipe, and functions of the system's GLib.
#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <type_traits>

#include "check.h"
#include "foreign/dynamic_library.h"
#include "foreign/glib_library.h"
#include "unique_fd.h"

namespace ropewalk {

// Both ends are non-blocking.
struct Pipe {
  UniqueFd read;
  UniqueFd write;

  Pipe() {
    int ends[2];
    CHECK(pipe2(ends, O_CLOEXEC | O_NONBLOCK) == 0);
    read.reset(ends[0]);
    write.reset(ends[1]);
  }

  void fill() const { CHECK(::write(write.get(), "x", 1) == 1); }
  void drain() const {
    char byte;
    CHECK(::read(read.get(), &byte, 1) == 1);
  }
  void drainAll() const {
    char byte;
    while (::read(read.get(), &byte, 1) == 1) {
    }
  }
};

// The system's GLib, and functions that only tests need.
struct TestGlib {
  using Callback = int (*)(void*);

  const GLibLibrary* glib = nullptr;
  GLibLibrary::Source* (*timeoutSource)(unsigned ms) = nullptr;
  GLibLibrary::Source* (*idleSource)() = nullptr;
  void (*setCallback)(GLibLibrary::Source*, Callback, void*, void*) = nullptr;
  int (*iteration)(GLibLibrary::Context*, int block) = nullptr;

  // False, with a message, if there is none.
  bool load() {
    std::string why;
    glib = GLibLibrary::load("", why);
    if (glib == nullptr) {
      std::printf("skipped: %s\n", why.c_str());
      return false;
    }
    DynamicLibrary file;
    CHECK(file.open("libglib-2.0.so.0", why));
    const auto find = [&file](const char* name, auto& function) {
      function = reinterpret_cast<std::remove_reference_t<decltype(function)>>(file.symbol(name));
      CHECK(function != nullptr);
    };
    find("g_timeout_source_new", timeoutSource);
    find("g_idle_source_new", idleSource);
    find("g_source_set_callback", setCallback);
    find("g_main_context_iteration", iteration);
    return true;
  }

  void add(GLibLibrary::Source* source, Callback callback, void* data,
           GLibLibrary::Context* context) const {
    setCallback(source, callback, data, nullptr);
    glib->sourceAttach(source, context);
    glib->sourceUnref(source);
  }
};

}  // namespace ropewalk
