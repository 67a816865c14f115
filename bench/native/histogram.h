// A log-linear histogram of durations: 128 buckets per power of two, so percentiles have an error
// below 0.8 %. Recording takes two shifts and an increment.
#ifndef BENCH_NATIVE_HISTOGRAM_H_
#define BENCH_NATIVE_HISTOGRAM_H_

#include <bit>
#include <cstdint>
#include <vector>

namespace bench {

class Histogram {
 public:
  Histogram() : counts_(kBuckets, 0) {}

  void Record(uint64_t ns) {
    ++counts_[BucketOf(ns)];
    ++total_;
  }

  uint64_t total() const { return total_; }

  // The duration below which `share` (0 to 1) of the recorded ones lie; 0 if nothing was recorded.
  uint64_t Percentile(double share) const {
    uint64_t wanted = static_cast<uint64_t>(share * static_cast<double>(total_));
    uint64_t seen = 0;
    for (size_t bucket = 0; bucket < counts_.size(); ++bucket) {
      seen += counts_[bucket];
      if (seen > wanted) return MiddleOf(bucket);
    }
    return 0;
  }

 private:
  static constexpr int kSubBits = 7;
  static constexpr uint64_t kSub = 1ull << kSubBits;
  static constexpr int kMaxExponent = 40;  // 2^40 ns is 18 minutes
  static constexpr size_t kBuckets = (kMaxExponent - kSubBits + 2) * kSub;

  static size_t BucketOf(uint64_t ns) {
    if (ns < kSub) return ns;
    if (ns >= (1ull << kMaxExponent)) return kBuckets - 1;
    int shift = std::bit_width(ns) - 1 - kSubBits;
    return (static_cast<size_t>(shift) + 1) * kSub + ((ns >> shift) & (kSub - 1));
  }

  static uint64_t MiddleOf(size_t bucket) {
    if (bucket < kSub) return bucket;
    uint64_t shift = bucket / kSub - 1;
    uint64_t low = (kSub + bucket % kSub) << shift;
    return low + (1ull << shift) / 2;
  }

  std::vector<uint32_t> counts_;
  uint64_t total_ = 0;
};

}  // namespace bench

#endif  // BENCH_NATIVE_HISTOGRAM_H_
