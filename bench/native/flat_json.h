// One line of JSON in, one line out: flat objects of strings, numbers and booleans, which are all
// that the harness and the load client exchange. Not a general JSON parser.
#ifndef BENCH_NATIVE_FLAT_JSON_H_
#define BENCH_NATIVE_FLAT_JSON_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace bench {

// A parsed flat object. Values are kept as text; strings have had their quotes and escapes removed.
class FlatJson {
 public:
  // Empty if `line` is not a flat object.
  static std::optional<FlatJson> Parse(std::string_view line);

  std::string Text(const std::string& key, const std::string& fallback) const;
  double Number(const std::string& key, double fallback) const;

 private:
  std::map<std::string, std::string> values_;
};

// Builds one object, in the order of the calls.
class JsonLine {
 public:
  JsonLine& Text(std::string_view key, std::string_view value);
  JsonLine& Number(std::string_view key, double value);
  JsonLine& Integer(std::string_view key, uint64_t value);
  JsonLine& Flag(std::string_view key, bool value);
  JsonLine& Null(std::string_view key);

  // Writes the object and a line feed to standard output and flushes it.
  void Print();

 private:
  void Key(std::string_view key);

  std::string text_ = "{";
};

}  // namespace bench

#endif  // BENCH_NATIVE_FLAT_JSON_H_
