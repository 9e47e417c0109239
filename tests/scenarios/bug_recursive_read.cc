// A reader reads again while a writer waits; the lock lets writers in first, so the second read
// waits for the writer, and the writer for the first read.
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
  pthread_rwlock_rdlock(&catalog);  // blocks
  pthread_rwlock_unlock(&catalog);
  pthread_rwlock_unlock(&catalog);
}

void Write() {
  reader_reads.wait();
  writer_waits.Enter(catalog);
  pthread_rwlock_wrlock(&catalog);  // blocks
  pthread_rwlock_unlock(&catalog);
}

}  // namespace

int main() {
  scenario::Session session;
  pthread_rwlockattr_t attributes;
  pthread_rwlockattr_init(&attributes);
  pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
  pthread_rwlock_init(&catalog, &attributes);
  lib::thread reader = scenario::Start("reader", ReadTwice);
  lib::thread writer = scenario::Start("writer", Write);
  reader.join();
  writer.join();
}
