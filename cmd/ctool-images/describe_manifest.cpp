// SPDX-License-Identifier: Apache-2.0
#include "ctool-images/commands.hpp"
#include "ctool/words.hpp"

namespace ctool {
namespace {

cli::Positional List(ManifestOptions& o) {
  return {.name = "LIST", .sink = &o.list, .complete = cli::Complete::kImages};
}

void AddEntryOptions(std::vector<cli::Option>& into, engine::ListEntryOptions& e) {
  into.push_back({.name = "arch", .value = "architecture", .help = "Architecture to note", .sink = &e.arch, .words = words::kArchitectures});
  into.push_back({.name = "os", .value = "os", .help = "Operating system to note", .sink = &e.os, .words = words::kSystems});
  into.push_back({.name = "variant", .value = "variant", .help = "Variant of the architecture to note", .sink = &e.variant});
  into.push_back({.name = "os-version", .value = "version", .help = "Version of the operating system to note",
                  .sink = &e.os_version});
  into.push_back({.name = "os-features", .value = "feature", .help = "Features of the operating system to note",
                  .sink = &e.os_features, .comma = true});
  into.push_back({.name = "features", .value = "feature", .help = "Accepted: no format has a place for them",
                  .sink = &e.features, .comma = true});
  into.push_back({.name = "annotation", .value = "key=value", .help = "Annotation of the image's entry", .sink = &e.annotations});
  into.push_back({.name = "index", .help = "The annotations are meant for the list itself", .sink = &e.of_index});
}

}  // namespace

cli::Command DescribeManifestCreate(ManifestOptions& o) {
  cli::Command c;
  c.summary = "Make a manifest list";
  c.prose = "Makes a list with the name LIST, of the IMAGEs, and prints its id. An IMAGE is one of the store or of a registry.";
  c.usage = "LIST [IMAGE...]";
  c.options = {
      {.name = "all", .help = "Of an IMAGE that is a list, add every image and not only the one for this platform",
       .sink = &o.create.all},
      {.name = "amend", .short_name = 'a', .help = "Add to a list that is there", .sink = &o.create.amend},
      {.name = "annotation", .value = "key=value", .help = "Annotation of the list", .sink = &o.create.annotations},
  };
  c.options.push_back(TlsVerifyOption(o.create.fetch.tls_verify));
  c.options.back().aliases = {"insecure-tls-verify"};
  c.args = {{.name = "LIST", .sink = &o.create.name},
            {.name = "IMAGE", .min = 0, .max = cli::kUnlimited, .sink = &o.create.images, .complete = cli::Complete::kImages}};
  c.examples = {{"manifest create mylist"}, {"manifest create mylist localhost/app:amd64 localhost/app:arm64"}};
  return c;
}

cli::Command DescribeManifestAdd(ManifestOptions& o) {
  cli::Command c;
  c.summary = "Add images to a manifest list";
  c.prose = "Adds each IMAGE, of the store or of a registry, and prints the list's id.";
  c.usage = "LIST IMAGE [IMAGE...]";
  c.options.push_back({.name = "all", .help = "Of an IMAGE that is a list, add every image", .sink = &o.all});
  AddEntryOptions(c.options, o.entry);
  AddCredentialOptions(c.options, o.push.fetch);
  c.args = {List(o), {.name = "IMAGE", .max = cli::kUnlimited, .sink = &o.images, .complete = cli::Complete::kImages}};
  c.examples = {{"manifest add mylist docker://docker.io/library/busybox"},
                {"manifest add --arch arm64 --variant v8 mylist localhost/app:arm64"}};
  return c;
}

cli::Command DescribeManifestAnnotate(ManifestOptions& o) {
  cli::Command c;
  c.summary = "Note platform and annotations in a manifest list";
  c.prose = "Changes what LIST says of an image, which is named by its digest, or of itself (--index), and prints the list's id.";
  c.usage = "LIST [IMAGE]";
  AddEntryOptions(c.options, o.entry);
  c.args = {List(o), {.name = "IMAGE", .min = 0, .sink = &o.images, .complete = cli::Complete::kImages}};
  c.examples = {{"manifest annotate --arch arm64 mylist sha256:0123...cdef"},
                {"manifest annotate --index --annotation org.example.a=b mylist"}};
  return c;
}

cli::Command DescribeManifestInspect(ManifestOptions& o) {
  cli::Command c;
  c.summary = "Show a manifest list";
  c.prose = "Prints the list of the store, or else the manifest or list of a registry.";
  c.options.push_back(AuthFileOption(o.push.fetch.authfile));
  c.options.push_back(TlsVerifyOption(o.push.fetch.tls_verify));
  c.options.push_back({.name = "verbose", .short_name = 'v', .help = "Accepted for docker's sake",
                       .sink = cli::Setter([](std::string_view) { return Ok(); }), .implied = "true", .hidden = true});
  c.args = {List(o)};
  c.examples = {{"manifest inspect mylist"}, {"manifest inspect docker.io/library/busybox"}};
  return c;
}

cli::Command DescribeManifestRemove(ManifestOptions& o) {
  cli::Command c;
  c.summary = "Remove an image from a manifest list";
  c.prose = "Removes the image with the DIGEST from LIST, and prints the list's id.";
  c.usage = "LIST DIGEST";
  c.args = {List(o), {.name = "DIGEST", .sink = &o.images}};
  c.examples = {{"manifest remove mylist sha256:0123...cdef"}};
  return c;
}

cli::Command DescribeManifestPush(ManifestOptions& o) {
  cli::Command c;
  c.summary = "Send a manifest list to a registry";
  c.prose =
      "Sends LIST and its images to DESTINATION. Images that are in no store here go from their registry to this one; what is "
      "in the same registry is mounted.";
  c.usage = "LIST [DESTINATION]";
  o.push.all = true;
  AddRegistryOptions(c.options, o.push.fetch);
  AddPushFormatOptions(c.options, o.push);
  c.options.push_back({.name = "all", .help = "Send the images, too, and not the list alone", .sink = &o.push.all});
  c.options.push_back({.name = "rm", .help = "Remove the list here when it was sent", .sink = &o.remove, .aliases = {"purge"}});
  c.options.push_back({.name = "remove-signatures", .help = "Accepted: signatures are not pushed",
                       .sink = cli::Setter([](std::string_view) { return Ok(); }), .implied = "true"});
  c.args = {List(o), {.name = "DESTINATION", .min = 0, .sink = &o.push.destination}};
  c.examples = {{"manifest push mylist docker://registry.example/team/app:1.0"}, {"manifest push --rm mylist registry.example/app"}};
  return c;
}

}  // namespace ctool
