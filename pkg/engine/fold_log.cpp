// SPDX-License-Identifier: Apache-2.0
#include "base/log.hpp"
#include "base/text.hpp"
#include "engine/fold_internal.hpp"
#include "sys/file.hpp"

namespace ctool::engine {
namespace {

Result<std::string> Driver(const CreateOptions& options, const config::ContainersConf& conf) {
  const bool asked_for = !options.log_driver.empty();
  const std::string driver = asked_for ? options.log_driver : conf.log_driver.value_or("k8s-file");
  if (driver == "k8s-file" || driver == "json-file") return std::string("k8s-file");
  if (driver == "none" || PassesStreams(driver)) return driver;
  // A default that cannot be had here is not the user's request.
  if (!asked_for && (driver != "journald" || !sys::Exists(kJournalSocket))) {
    Debug("log driver " + Quote(driver) + " is not available: using k8s-file");
    return std::string("k8s-file");
  }
  if (driver != "journald")
    return Error(Code::kUnsupported, "log driver " + Quote(driver) + " is not supported: use k8s-file, journald, passthrough or none");
  if (!sys::Exists(kJournalSocket))
    return Error(Code::kUnsupported, "log driver journald: systemd's journal does not run on this host (there is no " +
                                         std::string(kJournalSocket) + ")")
        .Hint("use --log-driver k8s-file");
  return driver;
}

// The template functions that are used for tags; others would need all of Go's.
Result<std::string> Tag(std::string_view text, const ContainerSpec& spec) {
  std::string tag;
  for (size_t open; (open = text.find("{{")) != std::string_view::npos;) {
    const size_t close = text.find("}}", open);
    const std::string_view field = Trim(text.substr(open + 2, close == text.npos ? close : close - open - 2));
    tag += text.substr(0, open);
    if (close == text.npos || (field != ".ID" && field != ".Name" && field != ".ImageName" && field != ".ImageID"))
      return Error(Code::kInvalidArgument, "log tag: " + Quote(text.substr(open)) +
                                               " is not one of {{.ID}}, {{.Name}}, {{.ImageID}}, {{.ImageName}}");
    tag += field == ".ID" ? spec.id : field == ".Name" ? spec.name : field == ".ImageName" ? spec.image_name : spec.image_id;
    text.remove_prefix(close + 2);
  }
  return tag + std::string(text);
}

}  // namespace

bool PassesStreams(const std::string& log_driver) { return log_driver == "passthrough" || log_driver == "passthrough-tty"; }

Result<std::string> ExpandLogTag(const ContainerSpec& spec) { return Tag(spec.log_tag, spec); }

Status FoldLogDriver(const CreateOptions& options, const config::ContainersConf& conf, ContainerSpec& spec) {
  spec.log_driver = TRY(Driver(options, conf));
  return Ok();
}

Status FoldLog(const FoldInput& in, ContainerSpec& spec) {
  spec.log_max_size = in.conf.log_size_max.value_or(-1);
  spec.log_tag = in.conf.log_tag.value_or("");
  for (const std::string& option : in.options.log_opt) {
    const size_t equals = option.find('=');
    const std::string key = option.substr(0, equals);
    const std::string value = equals == std::string::npos ? "" : option.substr(equals + 1);
    if (key == "path") {
      if (value.empty() || value[0] != '/')
        return Error(Code::kInvalidArgument, "log path " + Quote(value) + " is not an absolute path");
      spec.log_path = value;
    } else if (key == "max-size") {
      spec.log_max_size = TRY(ParseBytes(value, "--log-opt max-size", 1000));
    } else if (key == "tag") {
      spec.log_tag = value;
    } else {
      return Error(Code::kInvalidArgument, "unknown log option " + Quote(key) + ": wanted path, max-size or tag");
    }
  }
  if (spec.log_driver != "k8s-file") spec.log_path.clear();
  TRY(ExpandLogTag(spec));
  return Ok();
}

}  // namespace ctool::engine
