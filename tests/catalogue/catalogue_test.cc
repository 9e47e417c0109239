// That perturbation finds each bug of the catalogue within its budget, and no fault in the healthy
// twins. ./dev catalogue measures more of both.
#include "tests/catalogue/catalogue.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <chrono>
#include <string>

namespace detect::catalogue {
namespace {

using namespace std::chrono_literals;

class CatalogueTest : public ::testing::TestWithParam<Entry> {};

TEST_P(CatalogueTest, PerturbationFindsTheBug) {
  const AttackResult result =
      Attack(GetParam(), Form::kBug, {.seed = 1, .perturb = Perturb::kMixed, .limit = 30s});

  EXPECT_TRUE(result.has_failed) << "not in " << result.rounds << " rounds";
}

TEST_P(CatalogueTest, TwinIsHealthy) {
  const AttackResult result =
      Attack(GetParam(), Form::kOk, {.seed = 1, .perturb = Perturb::kMixed, .limit = 500ms});

  EXPECT_FALSE(result.has_failed) << "in round " << result.rounds
                                  << (result.was_hang ? ", which hung" : "");
}

std::string NameOfTest(const ::testing::TestParamInfo<Entry>& info) {
  std::string name;
  for (const char* at = info.param.name; *at != '\0'; ++at) {
    const auto letter = static_cast<unsigned char>(*at);
    if (std::isalnum(letter) != 0) name += static_cast<char>(letter);
  }
  return name;
}

INSTANTIATE_TEST_SUITE_P(Each, CatalogueTest,
                         ::testing::ValuesIn(Entries().begin(), Entries().end()), NameOfTest);

}  // namespace
}  // namespace detect::catalogue
