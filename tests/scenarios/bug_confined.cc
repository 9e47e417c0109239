// A window belongs to the main thread; a loader thread draws in it all the same.
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
  scenario::Start("loader", [&] { window->Draw("loaded"); }).join();
}
