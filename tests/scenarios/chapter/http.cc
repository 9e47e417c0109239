#include "tests/scenarios/chapter/http.h"

#include <netdb.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <system_error>

namespace http {
namespace {

struct Address {
  std::string host;
  std::string port = "80";
  std::string path = "/";
};

Address Parse(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) throw std::runtime_error("not an http:// URL");
  url.remove_prefix(kScheme.size());
  Address address;
  if (const size_t slash = url.find('/'); slash != url.npos) {
    address.path = url.substr(slash);
    url = url.substr(0, slash);
  }
  if (const size_t colon = url.find(':'); colon != url.npos) {
    address.port = url.substr(colon + 1);
    url = url.substr(0, colon);
  }
  address.host = url;
  return address;
}

[[noreturn]] void ThrowErrno() { throw std::system_error(errno, std::generic_category()); }

class Connection {
 public:
  explicit Connection(const Address& to) {
    addrinfo* found = nullptr;
    addrinfo hints = {};
    hints.ai_socktype = SOCK_STREAM;
    if (const int error = getaddrinfo(to.host.c_str(), to.port.c_str(), &hints, &found)) {
      throw std::runtime_error(gai_strerror(error));
    }
    const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(found, freeaddrinfo);
    for (const addrinfo* i = found; i != nullptr; i = i->ai_next) {
      socket_ = socket(i->ai_family, i->ai_socktype | SOCK_CLOEXEC, i->ai_protocol);
      if (socket_ >= 0 && connect(socket_, i->ai_addr, i->ai_addrlen) == 0) return;
      if (socket_ >= 0) Close();
    }
    ThrowErrno();
  }
  ~Connection() { Close(); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void Send(std::string_view text) {
    while (!text.empty()) {
      const ssize_t sent = send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (sent >= 0) {
        text.remove_prefix(static_cast<size_t>(sent));
      } else if (errno != EINTR) {
        ThrowErrno();
      }
    }
  }

  std::string ReceiveAll() {
    std::string text;
    char part[4096];
    for (;;) {
      const ssize_t received = recv(socket_, part, sizeof part, 0);
      if (received > 0) {
        text.append(part, static_cast<size_t>(received));
      } else if (received == 0) {
        return text;
      } else if (errno != EINTR) {
        ThrowErrno();
      }
    }
  }

 private:
  // Leaves errno as it is: the reason to close comes first.
  void Close() {
    const int error = errno;
    close(socket_);
    errno = error;
  }

  int socket_ = -1;
};

}  // namespace

std::string Get(const std::string& url) {
  const Address address = Parse(url);
  Connection connection(address);
  connection.Send("GET " + address.path + " HTTP/1.0\r\nHost: " + address.host + "\r\n\r\n");
  const std::string answer = connection.ReceiveAll();

  // "HTTP/1.0 200 OK", further headers, an empty line, and the page.
  constexpr std::string_view kEndOfHeaders = "\r\n\r\n";
  const size_t end = answer.find(kEndOfHeaders);
  const size_t status = answer.find(' ');
  if (!answer.starts_with("HTTP/") || end == answer.npos || status > end) {
    throw std::runtime_error("not an answer of HTTP");
  }
  if (answer.compare(status + 1, 3, "200") != 0) {
    throw std::runtime_error(answer.substr(status + 1, answer.find("\r\n") - status - 1));
  }
  return answer.substr(end + kEndOfHeaders.size());
}

}  // namespace http
