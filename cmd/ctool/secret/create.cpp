// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <unistd.h>

#include <cstdlib>

#include "base/text.hpp"
#include "ctool/context.hpp"
#include "ctool/secret/commands.hpp"
#include "engine/secrets.hpp"
#include "sys/file.hpp"

namespace ctool {
namespace {

struct CreateOptions {
  engine::CreateSecretOptions secret;
  std::string source;
  bool env = false;
};

cli::Command Describe(CreateOptions& o) {
  cli::Command c;
  c.summary = "Create a secret";
  c.prose =
      "Keeps what is in FILE, or comes from the standard input, under NAME, and prints its id. Containers get it with run --secret. It is in no image, and inspect does not "
      "show it; the file that it is kept in is the user's alone, and not encrypted.";
  c.options = {{.name = "driver", .short_name = 'd', .value = "driver", .help = "What keeps the secret", .sink = &o.secret.driver, .values = {"file"}},
               {.name = "driver-opts", .value = "key=value", .help = "Options of the driver; \"file\" has none", .sink = &o.secret.driver_options, .comma = true},
               {.name = "env", .help = "FILE is the name of an environment variable that holds the secret", .sink = &o.env},
               {.name = "ignore", .help = "Be content with a secret that has this name already", .sink = &o.secret.ignore},
               {.name = "label", .short_name = 'l', .value = "key=value", .help = "Label the secret", .sink = &o.secret.labels},
               {.name = "replace", .help = "Give the secret of this name new data, if there is one", .sink = &o.secret.replace}};
  c.args = {{.name = "NAME", .sink = &o.secret.name}, {.name = "FILE|-", .sink = &o.source, .complete = cli::Complete::kFiles}};
  c.examples = {{"secret create password ./password.txt"}, {"secret create --env token TOKEN", "From a variable"}};
  return c;
}

Result<std::string> Data(const CreateOptions& o) {
  constexpr size_t kMost = engine::kMaxSecret;  // one more is too many already
  const auto read = [&](int fd, const std::string& what) -> Result<std::string> {
    Result<std::string> data = sys::ReadAll(fd, what, kMost);
    if (!data.ok() && data.error().code() == Code::kCorrupt) return Error(Code::kInvalidArgument, "secret data must be larger than 0 and less than 512000 bytes");
    return data;
  };
  if (o.env) {
    const char* value = std::getenv(o.source.c_str());
    if (value != nullptr) return std::string(value);
    return Error(Code::kInvalidArgument, "cannot create store secret data: environment variable " + Printable(o.source) + " is not set");
  }
  if (o.source == "-") {
    if (::isatty(STDIN_FILENO) == 1) return Error(Code::kInvalidArgument, "if `-` is used, data must be passed into stdin");
    return read(STDIN_FILENO, "the standard input");
  }
  Result<sys::Fd> file = sys::Open(o.source, O_RDONLY);
  if (!file.ok()) return std::move(file).error().As(Code::kInvalidArgument);
  return read(file->get(), o.source);
}

Result<int> Run(Context& context, const CreateOptions& o) {
  engine::CreateSecretOptions secret = o.secret;
  secret.data = TRY(Data(o));
  PrintLine(context, TRY(engine::CreateSecret(context.engine, secret)));
  return 0;
}

}  // namespace

cli::Runnable SecretCreateCommand() { return cli::Bind(Describe, Run); }

}  // namespace ctool
