#include "binding_process.h"

#include <algorithm>
#include <cmath>
#include <unordered_map>
#include <utility>

#include "binding_call.h"
#include "binding_functions.h"
#include "process/spawn.h"
#include "process/terminal.h"

namespace ropewalk {
namespace {

// The children of one environment that JavaScript has not released, by their numbers. A worker may
// be terminated before.
struct Children {
  std::unordered_map<int, UniqueFd> exits;

  ~Children() {
    for (auto& [pid, exit] : exits) reapLater(pid, std::move(exit));
  }
};

// Splits memory that contains strings, each of which ends with a NUL.
class Strings {
 public:
  explicit Strings(std::span<uint8_t> bytes) : rest_(bytes) {}

  // Null if there are no more.
  char* next() {
    const auto end = std::find(rest_.begin(), rest_.end(), 0);
    if (end == rest_.end()) return nullptr;
    char* text = reinterpret_cast<char*>(rest_.data());
    rest_ = rest_.subspan(static_cast<size_t>(end - rest_.begin()) + 1);
    return text;
  }

  bool take(int32_t count, std::vector<char*>& into) {
    for (int32_t i = 0; i < count; i++) {
      char* text = next();
      if (text == nullptr) return false;
      into.push_back(text);
    }
    into.push_back(nullptr);
    return true;
  }

  bool empty() const { return rest_.empty(); }

 private:
  std::span<uint8_t> rest_;
};

// Of `settings`, in the order of settingsOf() in src/reactor/native/processes.ts.
enum Setting : size_t {
  kPaths,
  kArguments,
  kEnvironment,
  kHasDirectory,
  kSession,
  kProcessGroup,
  kFileModeMask,
  kTerminal,  // 0: none, 1: cooked, 2: raw
  kColumns,
  kRows,
  kPixelWidth,
  kPixelHeight,
  kGroupsGiven,
  kSettingCount,
};

// Sources of descriptors that spawn opens.
constexpr int kParentReads = -1;
constexpr int kParentWrites = -2;
constexpr int kNullDevice = -3;
constexpr int kTerminalEnd = -4;

class SpawnCall : public Call {
 public:
  SpawnCall(napi_env env, napi_callback_info info)
      : Call(env, info),
        text_(bytes(0)),
        settings_(int32s(1, kSettingCount)),
        numbers_(doubles(2, 2)),
        descriptors_(int32s(3, 0)),
        limits_(doubles(4, 0)),
        result_(int32s(5, 2)) {}

  napi_value run() {
    if (failed() || !readRequest()) return nullptr;
    Spawned spawned;
    Status status = open();
    if (status.ok()) status = spawn(request_, spawned);
    if (!status.ok()) return raise(status);
    result_[0] = spawned.pid;
    result_[1] = spawned.exit.get();
    static_cast<Children*>(data())->exits[spawned.pid] = std::move(spawned.exit);
    for (size_t i = 0; i < ours_.size(); i++) descriptors_[i * 2 + 1] = ours_[i].release();
    // Of a terminal there is one end, in the first pair.
    if (terminal_) descriptors_[1] = terminal_.release();
    return nullptr;
  }

 private:
  bool refuse(size_t index, const char* expected) {
    fail(index, expected);
    return false;
  }

  bool readRequest() {
    Strings strings(text_);
    std::vector<char*> paths;
    bool complete = settings_[kPaths] > 0 && strings.take(settings_[kPaths], paths) &&
                    strings.take(settings_[kArguments], request_.arguments) &&
                    strings.take(settings_[kEnvironment], request_.environment);
    if (complete && settings_[kHasDirectory] != 0) {
      request_.directory = strings.next();
      complete = request_.directory != nullptr;
    }
    if (!complete || !strings.empty()) return refuse(0, "as many strings as the settings count");
    request_.paths.assign(paths.begin(), paths.end() - 1);
    request_.newSession = settings_[kSession] != 0;
    request_.processGroup = settings_[kProcessGroup];
    request_.fileModeMask = settings_[kFileModeMask];
    return readIds() && readLimits() && readDescriptors();
  }

  // `numbers`: user, group, supplementary groups
  bool readIds() {
    constexpr double kMostIds = 4294967294.0;
    for (const double id : numbers_) {
      if (!(id >= -1 && id <= kMostIds) || id != std::trunc(id)) return refuse(2, "ids");
    }
    request_.user = static_cast<int64_t>(numbers_[0]);
    request_.group = static_cast<int64_t>(numbers_[1]);
    for (const double id : numbers_.subspan(2)) {
      if (id < 0) return refuse(2, "ids");
      request_.groups.push_back(static_cast<uint32_t>(id));
    }
    request_.groupsGiven = settings_[kGroupsGiven] != 0;
    return true;
  }

  bool readLimits() {
    if (limits_.size() % 2 != 0) return refuse(4, "pairs");
    for (size_t i = 0; i < limits_.size(); i += 2) {
      const double index = limits_[i];
      const double value = limits_[i + 1];
      const int resource = index >= 0 && index < 64 ? resourceNumber(static_cast<int>(index)) : -1;
      if (resource < 0 || !(value >= 0)) return refuse(4, "known resources and their limits");
      request_.limits.push_back(
          {resource, value >= 0x1p63 ? kUnlimited : static_cast<uint64_t>(value)});
    }
    return true;
  }

  bool readDescriptors() {
    if (descriptors_.size() % 2 != 0) return refuse(3, "pairs");
    int previous = -1;
    for (size_t i = 0; i < descriptors_.size(); i += 2) {
      const int number = descriptors_[i];
      const int source = descriptors_[i + 1];
      if (number <= previous || number > 65535 || source < kTerminalEnd) {
        return refuse(3, "ascending numbers and their sources");
      }
      previous = number;
      request_.descriptors.push_back({number, source});
    }
    return true;
  }

  // Opens the pipes, the terminal and the null device.
  Status open() {
    if (settings_[kTerminal] != 0) {
      if (Status status = openTerminalPair(); !status.ok()) return status;
    }
    ours_.resize(request_.descriptors.size());
    for (size_t i = 0; i < request_.descriptors.size(); i++) {
      int& source = request_.descriptors[i].source;
      if (source >= 0) continue;
      Status status;
      UniqueFd theirs;
      if (source == kParentReads) status = openPipe(ours_[i], theirs);
      if (source == kParentWrites) status = openPipe(theirs, ours_[i]);
      if (source == kNullDevice) status = openNullDevice(theirs);
      if (!status.ok()) return status;
      source = source == kTerminalEnd ? request_.terminal : theirs.get();
      theirs_.push_back(std::move(theirs));
    }
    return {};
  }

  Status openTerminalPair() {
    const TerminalSize size{static_cast<uint16_t>(settings_[kColumns]),
                            static_cast<uint16_t>(settings_[kRows]),
                            static_cast<uint16_t>(settings_[kPixelWidth]),
                            static_cast<uint16_t>(settings_[kPixelHeight])};
    UniqueFd childEnd;
    Status status = openTerminal(size, settings_[kTerminal] == 2, terminal_, childEnd);
    if (status.ok() && request_.user >= 0) status = giveTerminal(childEnd.get(), request_.user);
    request_.terminal = childEnd.get();
    theirs_.push_back(std::move(childEnd));
    return status;
  }

  std::span<uint8_t> text_;
  std::span<int32_t> settings_;
  std::span<double> numbers_;
  std::span<int32_t> descriptors_;
  std::span<double> limits_;
  std::span<int32_t> result_;
  SpawnRequest request_;
  std::vector<UniqueFd> ours_;
  std::vector<UniqueFd> theirs_;
  UniqueFd terminal_;
};

// spawnProcess(text: Uint8Array, settings: Int32Array, numbers: Float64Array, descriptors:
// Int32Array, limits: Float64Array, result: Int32Array): void -- `text` has the paths, arguments,
// environment and perhaps the directory, each with a NUL; `descriptors` has pairs of a number of
// the child and its source: a descriptor or a negative number. Sources are replaced by this
// process's ends (-1: none); with a terminal, that of the first pair is the terminal. `result`: the
// process, and a descriptor that becomes readable when it has exited.
napi_value spawnProcess(napi_env env, napi_callback_info info) {
  return SpawnCall(env, info).run();
}

// reapProcess(pid: number, result: Int32Array): boolean -- whether it has exited; `result`: exit
// code or -1, signal or 0
napi_value reapProcess(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t pid = call.int32(0);
  const auto result = call.int32s(1, 2);
  if (!call.failed() && pid <= 0) call.fail(0, "a process");
  if (call.failed()) return nullptr;
  ExitStatus status;
  if (Status reaped = reap(pid, status); !reaped.ok()) return call.raise(reaped);
  result[0] = status.code;
  result[1] = status.signal;
  return call.truth(status.exited);
}

// releaseProcess(pid: number, reaped: boolean): void -- closes the descriptor of its exit; reaps it
// first, when it exits, if that has not been done
napi_value releaseProcess(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t pid = call.int32(0);
  const bool reaped = call.boolean(1);
  if (call.failed()) return nullptr;
  auto child = static_cast<Children*>(call.data())->exits.extract(pid);
  if (child && !reaped) reapLater(pid, std::move(child.mapped()));
  return nullptr;
}

// setTerminalSize(fd: number, size: Int32Array): void -- columns, rows, width and height in pixels
napi_value setSize(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t fd = call.int32(0);
  const auto size = call.int32s(1, 4);
  if (call.failed()) return nullptr;
  const Status status =
      setTerminalSize(fd, {static_cast<uint16_t>(size[0]), static_cast<uint16_t>(size[1]),
                           static_cast<uint16_t>(size[2]), static_cast<uint16_t>(size[3])});
  return status.ok() ? nullptr : call.raise(status);
}

// terminalSize(fd: number, size: Int32Array): void -- likewise
napi_value getSize(napi_env env, napi_callback_info info) {
  Call call(env, info);
  const int32_t fd = call.int32(0);
  const auto out = call.int32s(1, 4);
  if (call.failed()) return nullptr;
  TerminalSize size{};
  if (Status status = terminalSizeOf(fd, size); !status.ok()) return call.raise(status);
  out[0] = size.columns;
  out[1] = size.rows;
  out[2] = size.pixelWidth;
  out[3] = size.pixelHeight;
  return nullptr;
}

}  // namespace

void addProcesses(napi_env env, napi_value exports) {
  auto* children = new Children;
  napi_add_env_cleanup_hook(
      env, [](void* ended) { delete static_cast<Children*>(ended); }, children);
  for (const LoopFunction& of : {LoopFunction{"spawnProcess", spawnProcess},
                                 {"reapProcess", reapProcess},
                                 {"releaseProcess", releaseProcess},
                                 {"setTerminalSize", setSize},
                                 {"terminalSize", getSize}}) {
    napi_value function = nullptr;
    napi_create_function(env, of.name, NAPI_AUTO_LENGTH, of.callback, children, &function);
    napi_set_named_property(env, exports, of.name, function);
  }
}

}  // namespace ropewalk
