#include "foreign/uncaught_scope.h"

#include "tls/process_symbol.h"

namespace ropewalk {
namespace {

struct Functions {
  void* (*currentIsolate)();
  void (*construct)(void* tryCatch, void* isolate);
  void (*setVerbose)(void* tryCatch, bool verbose);
  void (*destroy)(void* tryCatch);

  bool complete() const {
    return currentIsolate != nullptr && construct != nullptr && setVerbose != nullptr &&
           destroy != nullptr;
  }
};

template <typename T>
void find(T*& function, const char* name) {
  function = reinterpret_cast<T*>(processSymbol(name));
}

// Names of the Itanium C++ ABI, which all compilers of POSIX systems share.
const Functions& functions() {
  static const Functions found = [] {
    Functions all{};
    find(all.currentIsolate, "_ZN2v87Isolate10GetCurrentEv");
    find(all.construct, "_ZN2v88TryCatchC1EPNS_7IsolateE");
    find(all.setVerbose, "_ZN2v88TryCatch10SetVerboseEb");
    find(all.destroy, "_ZN2v88TryCatchD1Ev");
    return all;
  }();
  return found;
}

}  // namespace

bool UncaughtScope::available() {
  return functions().complete();
}

UncaughtScope::UncaughtScope() {
  functions().construct(tryCatch_, functions().currentIsolate());
  functions().setVerbose(tryCatch_, true);
}

UncaughtScope::~UncaughtScope() {
  functions().destroy(tryCatch_);
}

}  // namespace ropewalk
