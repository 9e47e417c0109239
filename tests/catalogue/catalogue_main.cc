// Prints, for each structure of the catalogue, how many rounds and seconds pass until it fails,
// without and with perturbation, and how often its healthy twin did.
//
//   catalogue [--seeds=20] [--limit=10] [--twin=60]      seconds: of one search, of a twin's trial
//
// Of a search that found nothing the limit is known only: it counts as longer than all others. A
// structure that hangs has cost the 2 s after which that is said.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "tests/catalogue/catalogue.h"

namespace detect::catalogue {
namespace {

struct Arguments {
  int seeds = 20;
  int limit_s = 10;
  int twin_s = 60;
};

bool Parse(int argc, char** argv, Arguments* arguments) {
  for (int i = 1; i < argc; ++i) {
    const bool is_known = std::sscanf(argv[i], "--seeds=%d", &arguments->seeds) == 1 ||
                          std::sscanf(argv[i], "--limit=%d", &arguments->limit_s) == 1 ||
                          std::sscanf(argv[i], "--twin=%d", &arguments->twin_s) == 1;
    if (!is_known) return false;
  }
  return arguments->seeds > 0;
}

struct Median {
  int found = 0;  // of all searches
  bool is_known = false;
  uint64_t rounds = 0;
  double seconds = 0;
};

Median Search(const Entry& entry, Perturb perturb, const Arguments& arguments) {
  std::vector<AttackResult> results;
  for (int seed = 1; seed <= arguments.seeds; ++seed) {
    results.push_back(Attack(entry, Form::kBug,
                             {.seed = static_cast<uint64_t>(seed),
                              .perturb = perturb,
                              .limit = std::chrono::seconds(arguments.limit_s)}));
  }
  Median median;
  for (const AttackResult& each : results) median.found += each.has_failed ? 1 : 0;
  std::sort(results.begin(), results.end(), [](const AttackResult& a, const AttackResult& b) {
    return a.has_failed != b.has_failed ? a.has_failed : a.rounds < b.rounds;
  });
  const AttackResult& middle = results[results.size() / 2];
  median.is_known = middle.has_failed;
  median.rounds = middle.rounds;
  median.seconds = std::chrono::duration<double>(middle.time).count();
  return median;
}

void Print(const Median& median, const Arguments& arguments) {
  if (median.is_known) {
    std::printf(" %8llu %7.3f", static_cast<unsigned long long>(median.rounds), median.seconds);
  } else {
    std::printf(" %8s %6s%d", "-", ">", arguments.limit_s);
  }
  std::printf(" %3d/%d |", median.found, arguments.seeds);
}

// Returns how often the twin failed.
int TryTwin(const Entry& entry, const Arguments& arguments) {
  const std::chrono::seconds all(arguments.twin_s);
  std::chrono::nanoseconds tried{0};
  int alarms = 0;
  for (uint64_t seed = 1; tried < all; ++seed) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(all - tried);
    const AttackResult result =
        Attack(entry, Form::kOk, {.seed = seed, .perturb = Perturb::kMixed, .limit = left});
    alarms += result.has_failed ? 1 : 0;
    tried += result.time;
  }
  return alarms;
}

void Run(const Arguments& arguments) {
  std::printf("median of %d seeds; found within %d s; twin tried for %d s\n\n", arguments.seeds,
              arguments.limit_s, arguments.twin_s);
  std::printf("%-30s| %-23s | %-23s | twin\n", "", "without perturbation", "with perturbation");
  std::printf("%-30s| %7s %7s %6s | %7s %7s %6s | alarms\n", "", "rounds", "seconds", "found",
              "rounds", "seconds", "found");
  for (const Entry& entry : Entries()) {
    std::printf("%-30s|", entry.name);
    Print(Search(entry, Perturb::kOff, arguments), arguments);
    Print(Search(entry, Perturb::kMixed, arguments), arguments);
    std::printf(" %d\n", TryTwin(entry, arguments));
    std::fflush(stdout);
  }
}

}  // namespace
}  // namespace detect::catalogue

int main(int argc, char** argv) {
  detect::catalogue::Arguments arguments;
  if (!detect::catalogue::Parse(argc, argv, &arguments)) {
    std::fprintf(stderr, "usage: catalogue [--seeds=20] [--limit=10] [--twin=60]\n");
    return 2;
  }
  detect::catalogue::Run(arguments);
  return 0;
}
