#include "libdetect/base/edit_distance.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <string>

namespace detect {
namespace {

constexpr std::string_view kVerbs[] = {"run", "dump", "top", "view", "explain", "doctor"};

// The definition, straight; exponential.
size_t SlowDistance(std::string_view a, std::string_view b) {
  if (a.empty() || b.empty()) return a.size() + b.size();
  size_t best = std::min({SlowDistance(a.substr(1), b) + 1, SlowDistance(a, b.substr(1)) + 1,
                          SlowDistance(a.substr(1), b.substr(1)) + (a[0] == b[0] ? 0 : 1)});
  bool swapped = a.size() > 1 && b.size() > 1 && a[0] == b[1] && a[1] == b[0];
  return swapped ? std::min(best, SlowDistance(a.substr(2), b.substr(2)) + 1) : best;
}

// All words of at most `length` letters over {a, b, c}.
std::vector<std::string> Words(size_t length) {
  std::vector<std::string> words = {""};
  for (size_t i = 0; i < words.size(); ++i) {
    if (words[i].size() == length) continue;
    for (char c : {'a', 'b', 'c'}) words.push_back(words[i] + c);
  }
  return words;
}

TEST(EditDistance, AgreesWithTheDefinitionForAllShortWords) {
  std::vector<std::string> words = Words(3);
  for (const std::string& a : words) {
    for (const std::string& b : words) {
      ASSERT_EQ(EditDistance(a, b), SlowDistance(a, b)) << a << " " << b;
    }
  }
}

TEST(EditDistance, CountsEachKindOfEditOnce) {
  EXPECT_EQ(EditDistance("interval", "interval"), 0u);
  EXPECT_EQ(EditDistance("intervall", "interval"), 1u);
  EXPECT_EQ(EditDistance("interva", "interval"), 1u);
  EXPECT_EQ(EditDistance("intervak", "interval"), 1u);
  EXPECT_EQ(EditDistance("inetrval", "interval"), 1u);
}

TEST(EditDistance, WordsTooLongForTheTableAreLikeNothing) {
  std::string word(kMaxEditDistanceLength, 'a');

  EXPECT_EQ(EditDistance(word, word), 0u);
  EXPECT_EQ(EditDistance(word + "a", word), SIZE_MAX);
}

TEST(ClosestName, FindsWhatWasMeant) {
  EXPECT_EQ(ClosestName("dmup", kVerbs), "dump");
  EXPECT_EQ(ClosestName("explian", kVerbs), "explain");
  EXPECT_EQ(ClosestName("ru", kVerbs), "run");
}

TEST(ClosestName, SuggestsNothingThatIsMostlyDifferent) {
  EXPECT_EQ(ClosestName("x", kVerbs), "");
  EXPECT_EQ(ClosestName("", kVerbs), "");
  EXPECT_EQ(ClosestName("serve", kVerbs), "");
  EXPECT_EQ(ClosestName(std::string(1000, 'r'), kVerbs), "");
}

}  // namespace
}  // namespace detect
