// The little of HTTP that the listings need to download a page.
//
//   std::string page = http::Get("http://127.0.0.1:8000/news");
//
// Threads: any. Blocks: on the network, which an interruption does not end.
#pragma once

#include <string>

namespace http {

// Returns the body at `url`, "http://host[:port][/path]". Throws std::runtime_error, which says why
// there is none: also for each status but 200.
std::string Get(const std::string& url);

}  // namespace http
