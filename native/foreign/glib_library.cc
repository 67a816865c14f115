#include "foreign/glib_library.h"

#include <map>
#include <memory>
#include <mutex>
#include <span>

#include "foreign/dynamic_library.h"
#include "foreign/symbol_lookup.h"

namespace ropewalk {
namespace {

#if defined(__APPLE__)
constexpr const char* kNames[] = {"libglib-2.0.0.dylib", "/opt/homebrew/lib/libglib-2.0.0.dylib",
                                  "/usr/local/lib/libglib-2.0.0.dylib"};
#else
constexpr const char* kNames[] = {"libglib-2.0.so.0", "libglib-2.0.so"};
#endif

bool openAny(DynamicLibrary& library, const std::string& name, std::string& why) {
  if (!name.empty()) return library.open(name.c_str(), why);
  std::string first;
  for (const char* usual : kNames) {
    if (library.open(usual, why)) return true;
    if (first.empty()) first = why;
  }
  why = first;
  return false;
}

void findContextFunctions(SymbolLookup& lookup, GLibLibrary& g) {
  lookup.find("g_main_context_default", g.contextDefault);
  lookup.find("g_main_context_new", g.contextNew);
  lookup.find("g_main_context_ref", g.contextRef);
  lookup.find("g_main_context_unref", g.contextUnref);
  lookup.find("g_main_context_acquire", g.contextAcquire);
  lookup.find("g_main_context_release", g.contextRelease);
  lookup.find("g_main_context_prepare", g.contextPrepare);
  lookup.find("g_main_context_query", g.contextQuery);
  lookup.find("g_main_context_check", g.contextCheck);
  lookup.find("g_main_context_dispatch", g.contextDispatch);
  lookup.find("g_main_context_wakeup", g.contextWakeup);
  lookup.find("g_main_context_push_thread_default", g.pushThreadDefault);
  lookup.find("g_main_context_pop_thread_default", g.popThreadDefault);
  lookup.find("g_main_context_get_thread_default", g.threadDefault);
}

void findSourceFunctions(SymbolLookup& lookup, GLibLibrary& g) {
  lookup.find("g_source_new", g.sourceNew);
  lookup.find("g_source_attach", g.sourceAttach);
  lookup.find("g_source_destroy", g.sourceDestroy);
  lookup.find("g_source_unref", g.sourceUnref);
  lookup.find("g_source_set_priority", g.sourceSetPriority);
  lookup.find("g_source_set_name", g.sourceSetName);
  lookup.find("g_source_add_poll", g.sourceAddPoll);
  lookup.find("g_source_remove_poll", g.sourceRemovePoll);
  lookup.find("g_source_set_can_recurse", g.sourceSetCanRecurse);
}

void findLoopFunctions(SymbolLookup& lookup, GLibLibrary& g) {
  lookup.find("g_main_loop_new", g.loopNew);
  lookup.find("g_main_loop_run", g.loopRun);
  lookup.find("g_main_loop_quit", g.loopQuit);
  lookup.find("g_main_loop_unref", g.loopUnref);
}

}  // namespace

const GLibLibrary* GLibLibrary::load(const std::string& name, std::string& why) {
  static std::mutex mutex;
  static std::map<std::string, std::unique_ptr<GLibLibrary>> loaded;
  const std::lock_guard lock(mutex);
  if (const auto found = loaded.find(name); found != loaded.end()) return found->second.get();
  DynamicLibrary library;
  if (!openAny(library, name, why)) return nullptr;
  auto functions = std::make_unique<GLibLibrary>();
  SymbolLookup lookup(library, why);
  findContextFunctions(lookup, *functions);
  findSourceFunctions(lookup, *functions);
  findLoopFunctions(lookup, *functions);
  if (!lookup.complete()) return nullptr;
  return (loaded[name] = std::move(functions)).get();
}

}  // namespace ropewalk
