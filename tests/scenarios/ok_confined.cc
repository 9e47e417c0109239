// A window belongs to the main thread, which hands it over to a loader and takes it back.
#include <string>

#include "tests/scenarios/lib.h"

namespace {

struct Window {
  void Draw(const char* text) { shown += text; }
  std::string shown;
};

}  // namespace

int main() {
  scenario::Session session;
  lib::thread_confined<Window> window;
  window->Draw("loading");
  const auto load = [&] {
    window.rebind();
    window->Draw("loaded");
  };
  scenario::Start("loader", load).join();
  window.rebind();
  window->Draw("done");
}
