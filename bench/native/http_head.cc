#include "http_head.h"

#include <strings.h>

#include <algorithm>

namespace bench {
namespace {

constexpr std::string_view kEndOfHead = "\r\n\r\n";
constexpr size_t kMaxHead = 16 * 1024;

}  // namespace

std::optional<std::string_view> HeadReader::Take(std::string_view* bytes, Faults* faults) {
  if (complete_) partial_.clear();
  complete_ = false;
  const size_t before = partial_.size();
  std::string_view head = *bytes;
  if (before > 0) {
    partial_.append(*bytes);
    head = partial_;
  }
  const size_t end = head.find(kEndOfHead, before < 3 ? 0 : before - 3);
  if (end == std::string_view::npos) {
    if (before == 0) partial_ = *bytes;
    if (partial_.size() > kMaxHead) faults->surplus_bytes += partial_.size();
    bytes->remove_prefix(bytes->size());
    return std::nullopt;
  }
  head = head.substr(0, end + kEndOfHead.size());
  bytes->remove_prefix(head.size() - before);
  complete_ = true;
  return head;
}

std::string_view FieldOf(std::string_view head, std::string_view name) {
  for (size_t at = head.find("\r\n"); at + 2 < head.size(); at = head.find("\r\n", at + 2)) {
    std::string_view line = head.substr(at + 2);
    if (line.size() <= name.size() || line[name.size()] != ':') continue;
    if (strncasecmp(line.data(), name.data(), name.size()) != 0) continue;
    line = line.substr(name.size() + 1, line.find("\r\n") - name.size() - 1);
    line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
    return line;
  }
  return {};
}

}  // namespace bench
