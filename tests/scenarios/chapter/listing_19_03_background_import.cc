// What takes long to initialise is initialised in the background. Whoever needs it asks for it all
// the same: that costs one load once it is there, and waits for the background where it is not.
//
// Prints:
//   doing something else: 0
//   doing something else: 1
//   doing something else: 2
//   now joining
//   U+0021 is EXCLAMATION MARK, as the thread "import" has found out
#include <pthread.h>

#include <cstdio>
#include <map>
#include <string>

#include "libdetect/monitor/monitor.h"
#include "libdetect/sync/once.h"
#include "libdetect/sync/thread.h"

namespace {

struct UnicodeData {
  std::map<char32_t, std::string> names;
  char loaded_by[16] = "";
};

// One flag for each module, where Python has one lock for all.
detect::once_flag loaded{"unicode data"};
UnicodeData unicode_data;  // constant once loaded

void Load() {
  unicode_data.names = {
      {U' ', "SPACE"}, {U'!', "EXCLAMATION MARK"}, {U'A', "LATIN CAPITAL LETTER A"}};
  pthread_getname_np(pthread_self(), unicode_data.loaded_by, sizeof unicode_data.loaded_by);
}

const UnicodeData& ImportUnicodeData() {
  detect::call_once(loaded, Load);
  return unicode_data;
}

}  // namespace

int main() {
  detect::Monitor monitor;
  detect::thread background({.name = "import"}, ImportUnicodeData);

  for (int i = 0; i < 3; ++i) std::printf("doing something else: %d\n", i);
  std::printf("now joining\n");
  background.join();

  const UnicodeData& data = ImportUnicodeData();
  std::printf("U+0021 is %s, as the thread \"%s\" has found out\n", data.names.at(U'!').c_str(),
              data.loaded_by);
}
