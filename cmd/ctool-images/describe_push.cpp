// SPDX-License-Identifier: Apache-2.0
#include "ctool-images/commands.hpp"

namespace ctool {

void AddDigestFile(std::vector<cli::Option>& into, engine::PushOptions& p) {
  into.push_back({.name = "digestfile", .value = "file", .help = "Write the manifest's digest at the destination here",
                  .sink = &p.digest_file, .complete = cli::Complete::kFiles});
}

void AddPushFormatOptions(std::vector<cli::Option>& into, engine::PushOptions& p) {
  into.push_back({.name = "format", .short_name = 'f', .value = "format",
                  .help = "Format of the manifest: oci or v2s2; the image's own unless given", .sink = &p.format,
                  .values = {"oci", "v2s2"}});
  into.push_back({.name = "compression-format", .value = "format",
                  .help = "Compress every layer that is not so already: gzip, zstd, zstd:chunked",
                  .sink = &p.compression_format, .values = {"gzip", "zstd", "zstd:chunked"}});
  into.push_back({.name = "compression-level", .value = "level",
                  .help = "Level for what is compressed: gzip 1 to 9, zstd 1 to 20", .sink = &p.compression_level});
  into.push_back({.name = "force-compression", .help = "Compress again what has the format already, when a level is given",
                  .sink = &p.force_compression});
  AddDigestFile(into, p);
}

cli::Command DescribePush(PushCommandOptions& o) {
  cli::Command command;
  command.summary = "Send an image to a registry, an archive or a folder";
  command.prose =
      "Sends IMAGE to DESTINATION, or to the registry that its name says. Layers go out as they came, so that digests stay "
      "the same, unless a format or a compression is asked for; layers that are not compressed at all are compressed "
      "while they are sent. What the registry has already is not sent again.\n\n"
      "DESTINATION is a reference (docker://REFERENCE) or oci-archive:PATH[:NAME], docker-archive:PATH[:NAME], "
      "oci:PATH[:NAME], dir:PATH.";
  command.usage = "IMAGE [DESTINATION]";
  AddRegistryOptions(command.options, o.push.fetch);
  AddPushFormatOptions(command.options, o.push);
  command.options.push_back({.name = "all", .help = "Of a manifest list: send the images, too", .sink = &o.push.all});
  command.options.push_back({.name = "compress", .help = "Compress layers for a destination dir:, too",
                             .sink = &o.push.compress});
  command.options.push_back({.name = "remove-signatures", .help = "Accepted: signatures are not pushed",
                             .sink = &o.remove_signatures});
  command.options.push_back({.name = "disable-content-trust", .help = "Accepted for docker's sake",
                             .sink = cli::Setter([](std::string_view) { return Ok(); }), .hidden = true});
  command.args = {{.name = "IMAGE", .sink = &o.push.image, .complete = cli::Complete::kImages},
                  {.name = "DESTINATION", .min = 0, .sink = &o.push.destination}};
  command.examples = {{"push localhost/app registry.example/team/app:1.0"},
                      {"push --digestfile digest.txt registry.example/team/app:1.0"},
                      {"push --compression-format zstd app docker://registry.example/app"}};
  command.exits = {{"0", "the image is there"}, {"125", "it could not be sent; nothing at the destination has changed its name"}};
  return command;
}

}  // namespace ctool
