#include "tally.h"

namespace bench {
namespace {

void PutPerMessage(JsonLine* line, const char* key, const std::optional<uint64_t>& before,
                   const std::optional<uint64_t>& after, uint64_t messages) {
  if (before && after && messages > 0) {
    line->Number(key, static_cast<double>(*after - *before) / static_cast<double>(messages));
  } else {
    line->Null(key);
  }
}

}  // namespace

void PrintTally(const Tally& tally, const Usage& before, const Usage& after) {
  uint64_t cpu_ns = after.cpu_ns - before.cpu_ns;
  JsonLine line;
  line.Integer("messages", tally.messages).Integer("elapsedNs", tally.elapsed_ns);
  line.Integer("wallNs", tally.wall_ns > 0 ? tally.wall_ns : tally.elapsed_ns);
  line.Integer("cpuNs", cpu_ns);
  if (tally.messages > 0) {
    double per_message = static_cast<double>(cpu_ns) / static_cast<double>(tally.messages);
    line.Number("cpuUsPerMessage", per_message / 1000);
  } else {
    line.Null("cpuUsPerMessage");
  }
  PutPerMessage(&line, "userInstructionsPerMessage", before.user_instructions,
                after.user_instructions, tally.messages);
  PutPerMessage(&line, "kernelInstructionsPerMessage", before.kernel_instructions,
                after.kernel_instructions, tally.messages);
  line.Integer("p50Ns", tally.latency.Percentile(0.5));
  line.Integer("p90Ns", tally.latency.Percentile(0.9));
  line.Integer("p99Ns", tally.latency.Percentile(0.99));
  line.Integer("resent", tally.resent).Integer("late", tally.late);
  line.Integer("wrongBytes", tally.faults.WrongBytes());
  line.Integer("differentBytes", tally.faults.different_bytes);
  line.Integer("missingBytes", tally.faults.missing_bytes);
  line.Integer("surplusBytes", tally.faults.surplus_bytes);
  line.Integer("lostConnections", tally.faults.lost_connections);
  line.Print();
}

}  // namespace bench
