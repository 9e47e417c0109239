#include "tests/catalogue/catalogue.h"

#include <optional>
#include <utility>

#include "libdetect/harness/decisions.h"
#include "libdetect/harness/perturbation.h"
#include "libdetect/harness/team.h"
#include "tests/catalogue/ab_ba.h"
#include "tests/catalogue/aba.h"
#include "tests/catalogue/bounded_buffer.h"
#include "tests/catalogue/check_then_act.h"
#include "tests/catalogue/double_checked.h"
#include "tests/catalogue/iterator.h"
#include "tests/catalogue/leaked_lock.h"
#include "tests/catalogue/lost_notification.h"
#include "tests/catalogue/lost_update.h"
#include "tests/catalogue/missing_notify_all.h"
#include "tests/catalogue/once_race.h"
#include "tests/catalogue/pool_starvation.h"
#include "tests/catalogue/publication.h"
#include "tests/catalogue/reader_starvation.h"
#include "tests/catalogue/reference_count.h"
#include "tests/catalogue/ticket_lock.h"
#include "tests/catalogue/timer_cancel.h"
#include "tests/catalogue/unlocked_read.h"
#include "tests/catalogue/upgrade.h"
#include "tests/catalogue/wait_without_loop.h"

namespace detect::catalogue {
namespace {

using std::chrono::steady_clock;

// What is not back by then hangs. The harness's own default.
constexpr std::chrono::seconds kTimeout{2};

template <template <Form> typename Structure>
constexpr Entry EntryOf(const char* name) {
  return {name, Structure<Form::kBug>::kThreads, [](Form form) -> std::unique_ptr<Attempt> {
            if (form == Form::kBug) return std::make_unique<Structure<Form::kBug>>();
            return std::make_unique<Structure<Form::kOk>>();
          }};
}

constexpr Entry kEntries[] = {
    EntryOf<LostUpdate>("lost update"),
    EntryOf<CheckThenAct>("check, then act"),
    EntryOf<Aba>("ABA"),
    EntryOf<UnlockedRead>("unlocked read of a string"),
    EntryOf<Publication>("publication without a barrier"),
    EntryOf<DoubleChecked>("double-checked locking"),
    EntryOf<WaitWithoutLoop>("condition without a loop"),
    EntryOf<LostNotification>("notification before the wait"),
    EntryOf<MissingNotifyAll>("missing notify_all"),
    EntryOf<Upgrade>("reader becomes writer"),
    EntryOf<Iterator>("iterator while changed"),
    EntryOf<ReferenceCount>("reference count"),
    EntryOf<BoundedBuffer>("bounded buffer, off by one"),
    EntryOf<TicketLock>("ticket lock overflow"),
    EntryOf<LeakedLock>("lock leaked by an exception"),
    EntryOf<PoolStarvation>("pool starvation"),
    EntryOf<AbBa>("AB-BA"),
    EntryOf<ReaderStarvation>("reader starvation"),
    EntryOf<OnceRace>("one-time initialisation"),
    EntryOf<TimerCancel>("timer cancelled while firing"),
};

}  // namespace

std::span<const Entry> Entries() { return kEntries; }

AttackResult Attack(const Entry& entry, Form form, const AttackOptions& options) {
  Perturbation perturbation({.strategy = options.perturb});
  std::optional<ScopedScheduler> scheduled;
  if (options.perturb != Perturb::kOff) scheduled.emplace(&perturbation);
  Team team(entry.threads);
  AttackResult result;
  const steady_clock::time_point begin = steady_clock::now();
  while (!result.has_failed && result.time < options.limit) {
    perturbation.BeginRound(Draw(options.seed, 0, result.rounds++));
    // Shared with threads that are left behind.
    const std::shared_ptr<Attempt> attempt = entry.make(form);
    const RoundResult round = team.RunRound([attempt](uint32_t index) { attempt->Run(index); },
                                            steady_clock::now() + kTimeout);
    result.was_hang = !round.IsComplete();
    result.has_failed = result.was_hang || !attempt->IsIntact();
    result.time = steady_clock::now() - begin;
  }
  return result;
}

}  // namespace detect::catalogue
