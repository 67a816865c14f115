// The load client: a long-lived process on one core that busy-polls, checks every byte of the
// answers and measures the server's CPU time around each slice. The harness controls it with JSON
// lines:
//
//   {"cmd":"serve","bytes":B}                    listens for a proxy (far_end.h); returns "port";
//                                                with "contentFile":"..." for an HTTP proxy or
//                                                client
//   {"cmd":"open",WHERE,"pid":SERVER,"conns":N,WHAT,"stallSeconds":S}
//   {"cmd":"touch"}                              one message on every connection
//   {"cmd":"measure","seconds":S,"warmup":W}     traffic on every connection
//   {"cmd":"churn",WHERE,"pid":SERVER,"concurrency":N,WHAT,"seconds":S,"warmup":W}
//   {"cmd":"close"}                              closes all connections
//
// WHERE is "port":P, or "path":"..." for a UNIX socket. WHAT is "bytes":B and optionally
// "shape":"bytes"|"lines"|"short-lines" and "load":"stream"|"datagrams"|"turns" (stream_load.h,
// udp_load.h and turn_load.h), where the first value is the default; for datagrams also "out":N and
// "back":N, default 1. "request":"..." instead makes it HTTP: "pipelined":N of these requests in
// one message, and answers with "content":"...", with the content of the file "contentFile":"...",
// or with any "bytes":B (http_dialogue.h). "http2":N makes a message of N requests on streams of
// one connection, with "content":"..." (http2_dialogue.h). "websocket":"text"|"binary" makes the
// messages frames of that kind (websocket_dialogue.h); "load":"broadcast" sends one to all
// (broadcast_load.h). "load":"orders" has the contender make N requests at a time (order_load.h).
//
// "tls":"full"|"resumed" secures streams (tls_wire.h). "behindSocks":P has the server, a SOCKS
// proxy, connect to that port of 127.0.0.1 (socks_request.h).
//
// Every command is answered with one line: the figures, {"ok":true,...} or {"error":"..."}. The
// process ends when standard input does. Usage: load_client [--core N]
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>
#include <iostream>
#include <iterator>
#include <memory>
#include <string>

#include "broadcast_load.h"
#include "churn_load.h"
#include "far_end.h"
#include "flat_json.h"
#include "http2_dialogue.h"
#include "http_dialogue.h"
#include "order_load.h"
#include "server_usage.h"
#include "stream_load.h"
#include "tally.h"
#include "turn_load.h"
#include "udp_load.h"
#include "websocket_dialogue.h"

namespace bench {
namespace {

// The server works on for a moment after the last answer (it polls once more, a collector thread
// finishes); its CPU time is read after this pause.
constexpr useconds_t kSettleUs = 3000;

void PrintError(const std::string& text) {
  JsonLine().Text("error", text).Print();
}

uint64_t Nanoseconds(const FlatJson& command, const char* key, double fallback_seconds) {
  return static_cast<uint64_t>(command.Number(key, fallback_seconds) * 1e9);
}

class Client {
 public:
  void Obey(const std::string& line) {
    std::optional<FlatJson> command = FlatJson::Parse(line);
    if (!command) return PrintError("not a flat JSON object");
    std::string name = command->Text("cmd", "");
    if (name == "serve") return Serve(*command);
    if (name == "open") return Open(*command);
    if (name == "touch") return Touch();
    if (name == "measure") return Measure(*command);
    if (name == "churn") return Churn(*command);
    if (name == "close") return Close();
    PrintError("unknown command " + name);
  }

 private:
  void Serve(const FlatJson& command) {
    std::optional<std::string> content = ContentOf(command);
    if (!content) return PrintError("contentFile: readable");
    far_end_ = content->empty()
                   ? std::make_unique<FarEnd>(static_cast<size_t>(command.Number("bytes", 64)))
                   : std::make_unique<FarEnd>(FileResponse(*content));
    uint16_t port = far_end_->Listen();
    if (port == 0) return PrintError(std::string("listen: ") + std::strerror(errno));
    JsonLine().Flag("ok", true).Integer("port", port).Print();
  }

  void Open(const FlatJson& command) {
    load_ = MakeLoad(command);
    if (!load_) {
      return PrintError(
          "bytes: at least 16, and a multiple of the length of a line; contentFile: readable; "
          "orders: "
          "after serve");
    }
    usage_.Attach(Server(command));
    std::string error = load_->Open(Connections(command));
    if (!error.empty()) return PrintError(error);
    JsonLine().Flag("ok", true).Print();
  }

  void Touch() {
    if (!load_) return PrintError("nothing is open");
    Tally tally;
    Usage before = usage_.Read();
    load_->Exchange(0, &tally);
    usleep(kSettleUs);
    PrintTally(tally, before, usage_.Read());
  }

  // Every message is answered before the server's usage is read, at both ends of the slice: the CPU
  // time divided by the messages belongs to these messages only.
  void Measure(const FlatJson& command) {
    if (!load_) return PrintError("nothing is open");
    Tally tally;
    load_->Exchange(Nanoseconds(command, "warmup", 0.25), &tally);
    usleep(kSettleUs);
    tally.Restart();
    Usage before = usage_.Read();
    load_->Exchange(Nanoseconds(command, "seconds", 0.8), &tally);
    usleep(kSettleUs);
    PrintTally(tally, before, usage_.Read());
  }

  void Churn(const FlatJson& command) {
    std::optional<Payload> payload = MakePayload(command);
    if (!payload) return PrintError("bytes: at least 16");
    usage_.Attach(Server(command));
    auto count = static_cast<uint32_t>(command.Number("concurrency", 50));
    std::function<std::string(uint64_t, Tally*)> run;
    if (command.Text("load", "stream") == "turns") {
      auto load = std::make_shared<TurnLoad>(Where(command), std::move(*payload),
                                             FamilyOf(Server(command)), StallNs(command));
      run = [=](uint64_t ns, Tally* tally) { return load->Churn(count, ns, tally); };
    } else {
      auto load =
          std::make_shared<ChurnLoad>(Where(command), std::move(*payload), count, StallNs(command),
                                      SecurityNamed(command.Text("tls", "")));
      run = [=](uint64_t ns, Tally* tally) { return load->Run(ns, tally); };
    }
    Tally tally;
    std::string error = run(Nanoseconds(command, "warmup", 0.25), &tally);
    usleep(kSettleUs);
    tally.Restart();
    Usage before = usage_.Read();
    if (error.empty()) error = run(Nanoseconds(command, "seconds", 0.8), &tally);
    usleep(kSettleUs);
    if (!error.empty()) return PrintError(error);
    PrintTally(tally, before, usage_.Read());
  }

  void Close() {
    load_.reset();
    JsonLine().Flag("ok", true).Print();
  }

  static std::optional<Payload> MakePayload(const FlatJson& command) {
    Shape shape = ShapeNamed(command.Text("shape", "bytes"));
    auto bytes = static_cast<size_t>(command.Number("bytes", 64));
    if (bytes < Payload::kMinBytes) return std::nullopt;
    if (bytes % Payload::LineBytes(shape) != 0) return std::nullopt;
    return Payload(bytes, shape);
  }

  static Shape ShapeNamed(const std::string& name) {
    if (name == "lines") return Shape::kLines;
    return name == "short-lines" ? Shape::kShortLines : Shape::kBytes;
  }

  // Null if the command is faulty.
  std::unique_ptr<Load> MakeLoad(const FlatJson& command) {
    if (command.Text("load", "stream") == "orders") {
      if (!far_end_) return nullptr;
      return std::make_unique<OrderLoad>(Where(command), far_end_.get(), StallNs(command));
    }
    if (std::string request = command.Text("request", ""); !request.empty()) {
      std::optional<std::string> content = ContentOf(command);
      if (!content) return nullptr;
      HttpExchange exchange{request, std::move(*content)};
      exchange.bytes = exchange.content.empty() ? static_cast<size_t>(command.Number("bytes", 0))
                                                : exchange.content.size();
      exchange.pipelined = static_cast<uint32_t>(command.Number("pipelined", 1));
      return MakeStreamLoad(command,
                            std::make_unique<HttpDialogue>(exchange, Connections(command)));
    }
    if (auto streams = static_cast<uint32_t>(command.Number("http2", 0)); streams > 0) {
      return MakeStreamLoad(command,
                            std::make_unique<Http2Dialogue>(command.Text("content", ""), streams,
                                                            Connections(command)));
    }
    std::optional<Payload> made = MakePayload(command);
    if (!made) return nullptr;
    Payload payload = std::move(*made);
    Target target = Where(command);
    uint64_t stall_ns = StallNs(command);
    std::string load = command.Text("load", "stream");
    if (std::string kind = command.Text("websocket", ""); !kind.empty()) {
      return MakeWebSocketLoad(command, std::move(payload), kind, load == "broadcast");
    }
    if (load == "datagrams") {
      auto out = static_cast<uint32_t>(command.Number("out", 1));
      auto back = static_cast<uint32_t>(command.Number("back", 1));
      return std::make_unique<UdpLoad>(target.port, std::move(payload), out, back, stall_ns);
    }
    if (load == "turns") {
      return std::make_unique<TurnLoad>(target, std::move(payload), FamilyOf(Server(command)),
                                        stall_ns);
    }
    return MakeStreamLoad(command,
                          std::make_unique<EchoDialogue>(std::move(payload), Connections(command)));
  }

  std::unique_ptr<Load> MakeWebSocketLoad(const FlatJson& command, Payload payload,
                                          const std::string& kind, bool broadcasts) {
    auto dialogue = std::make_unique<WebSocketDialogue>(
        std::move(payload), kind == "text" ? FrameKind::kText : FrameKind::kBinary,
        broadcasts ? Audience::kAll : Audience::kAuthor, Connections(command));
    if (!broadcasts) return MakeStreamLoad(command, std::move(dialogue));
    return std::make_unique<BroadcastLoad>(Where(command), std::move(dialogue), StallNs(command));
  }

  std::unique_ptr<Load> MakeStreamLoad(const FlatJson& command,
                                       std::unique_ptr<Dialogue> dialogue) {
    return std::make_unique<StreamLoad>(Where(command), std::move(dialogue), StallNs(command),
                                        far_end_.get(), SecurityNamed(command.Text("tls", "")));
  }

  // The fields of a file that nginx serves.
  static std::string FileResponse(const std::string& content) {
    return "HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\nDate: Sun, 01 Nov 2026 12:00:00 GMT\r\n"
           "Content-Type: text/plain\r\nContent-Length: " +
           std::to_string(content.size()) +
           "\r\nLast-Modified: Sat, 31 Oct 2026 12:00:00 GMT\r\nConnection: keep-alive\r\n"
           "ETag: \"69048d60-10000\"\r\nAccept-Ranges: bytes\r\n\r\n" +
           content;
  }

  // Of HTTP answers; nothing if its file can't be read.
  static std::optional<std::string> ContentOf(const FlatJson& command) {
    std::string path = command.Text("contentFile", "");
    if (path.empty()) return command.Text("content", "");
    std::ifstream file(path, std::ios::binary);
    std::string content(std::istreambuf_iterator<char>(file), {});
    if (content.empty()) return std::nullopt;
    return content;
  }

  static uint32_t Connections(const FlatJson& command) {
    return static_cast<uint32_t>(command.Number("conns", 1));
  }

  static Target Where(const FlatJson& command) {
    return Target{command.Text("path", ""), static_cast<uint16_t>(command.Number("port", 0)),
                  static_cast<uint16_t>(command.Number("behindSocks", 0))};
  }

  static pid_t Server(const FlatJson& command) {
    return static_cast<pid_t>(command.Number("pid", 0));
  }

  static uint64_t StallNs(const FlatJson& command) {
    return Nanoseconds(command, "stallSeconds", 5);
  }

  ServerUsage usage_;
  std::unique_ptr<FarEnd> far_end_;  // before the load, which polls it
  std::unique_ptr<Load> load_;
};

// Returns whether this process now runs on `core` only.
bool PinTo(int core) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(core, &set);
  return sched_setaffinity(0, sizeof set, &set) == 0;
}

int Main(int argc, char** argv) {
  int core = argc == 3 && std::strcmp(argv[1], "--core") == 0 ? std::atoi(argv[2]) : -1;
  if (core >= 0 && !PinTo(core)) {
    PrintError("cannot run on core " + std::to_string(core));
    return 1;
  }
  std::signal(SIGPIPE, SIG_IGN);
  std::string no_instructions = ServerUsage::WhyNoInstructions();
  JsonLine ready;
  ready.Flag("ready", true).Flag("countsInstructions", no_instructions.empty());
  if (!no_instructions.empty()) ready.Text("whyNoInstructions", no_instructions);
  ready.Print();
  Client client;
  for (std::string line; std::getline(std::cin, line);) client.Obey(line);
  return 0;
}

}  // namespace
}  // namespace bench

int main(int argc, char** argv) {
  return bench::Main(argc, argv);
}
