// As bug_recursive_read, but the lock lets readers in first: the second read passes the writer.
#include <latch>

#include "tests/scenarios/lib.h"

namespace {

pthread_rwlock_t catalog;
std::latch reader_reads(1);
scenario::BlockingPoint writer_waits;

void ReadTwice() {
  pthread_rwlock_rdlock(&catalog);
  reader_reads.count_down();
  writer_waits.AwaitBlocked();
  pthread_rwlock_rdlock(&catalog);
  pthread_rwlock_unlock(&catalog);
  pthread_rwlock_unlock(&catalog);
}

void Write() {
  reader_reads.wait();
  writer_waits.Enter(catalog);
  pthread_rwlock_wrlock(&catalog);
  pthread_rwlock_unlock(&catalog);
}

}  // namespace

int main() {
  scenario::Session session;
  pthread_rwlockattr_t attributes;
  pthread_rwlockattr_init(&attributes);
  pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_READER_NP);
  pthread_rwlock_init(&catalog, &attributes);
  lib::thread reader = scenario::Start("reader", ReadTwice);
  lib::thread writer = scenario::Start("writer", Write);
  reader.join();
  writer.join();
}
