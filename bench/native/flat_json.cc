#include "flat_json.h"

#include <cstdio>
#include <cstdlib>

namespace bench {
namespace {

// A cursor over one line. Each Take* moves it past the token and returns whether the token was
// there.
class Cursor {
 public:
  explicit Cursor(std::string_view text) : text_(text) {}

  bool Take(char wanted) {
    SkipSpace();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    return true;
  }

  bool TakeString(std::string* out) {
    if (!Take('"')) return false;
    out->clear();
    while (at_ < text_.size() && text_[at_] != '"') {
      const bool escaped = text_[at_] == '\\';
      if (escaped && ++at_ == text_.size()) return false;
      const char next = text_[at_++];
      out->push_back(escaped ? Unescaped(next) : next);
    }
    return at_++ < text_.size();
  }

  // Of the escapes with a letter, the harness uses these two.
  static char Unescaped(char letter) {
    if (letter == 'r') return '\r';
    return letter == 'n' ? '\n' : letter;
  }

  // A number, true, false or null: everything up to the next delimiter.
  bool TakeBare(std::string* out) {
    SkipSpace();
    size_t end = text_.find_first_of(",} \t\r\n", at_);
    if (end == std::string_view::npos || end == at_) return false;
    *out = std::string(text_.substr(at_, end - at_));
    at_ = end;
    return true;
  }

  bool TakeValue(std::string* out) { return TakeString(out) || TakeBare(out); }

 private:
  void SkipSpace() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\t')) ++at_;
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::optional<FlatJson> FlatJson::Parse(std::string_view line) {
  Cursor cursor(line);
  FlatJson object;
  if (!cursor.Take('{')) return std::nullopt;
  if (cursor.Take('}')) return object;
  do {
    std::string key, value;
    if (!cursor.TakeString(&key) || !cursor.Take(':') || !cursor.TakeValue(&value)) {
      return std::nullopt;
    }
    object.values_[key] = value;
  } while (cursor.Take(','));
  if (!cursor.Take('}')) return std::nullopt;
  return object;
}

std::string FlatJson::Text(const std::string& key, const std::string& fallback) const {
  auto found = values_.find(key);
  return found == values_.end() ? fallback : found->second;
}

double FlatJson::Number(const std::string& key, double fallback) const {
  auto found = values_.find(key);
  if (found == values_.end()) return fallback;
  char* end = nullptr;
  double value = std::strtod(found->second.c_str(), &end);
  return end == found->second.c_str() ? fallback : value;
}

void JsonLine::Key(std::string_view key) {
  if (text_.size() > 1) text_ += ',';
  text_.append("\"").append(key).append("\":");
}

JsonLine& JsonLine::Text(std::string_view key, std::string_view value) {
  Key(key);
  text_ += '"';
  for (char c : value) {
    if (c == '"' || c == '\\') text_ += '\\';
    text_ += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  text_ += '"';
  return *this;
}

JsonLine& JsonLine::Number(std::string_view key, double value) {
  char digits[40];
  std::snprintf(digits, sizeof digits, "%.6g", value);
  Key(key);
  text_ += digits;
  return *this;
}

JsonLine& JsonLine::Integer(std::string_view key, uint64_t value) {
  Key(key);
  text_ += std::to_string(value);
  return *this;
}

JsonLine& JsonLine::Flag(std::string_view key, bool value) {
  Key(key);
  text_ += value ? "true" : "false";
  return *this;
}

JsonLine& JsonLine::Null(std::string_view key) {
  Key(key);
  text_ += "null";
  return *this;
}

void JsonLine::Print() {
  text_ += "}\n";
  std::fwrite(text_.data(), 1, text_.size(), stdout);
  std::fflush(stdout);
}

}  // namespace bench
