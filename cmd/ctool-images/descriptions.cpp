// SPDX-License-Identifier: Apache-2.0
//
// What `ctool` shows and completes of the commands that this program runs; linked into both.
#include "ctool-images/commands.hpp"
#include "ctool/container/options.hpp"
#include "ctool/words.hpp"

namespace ctool {

cli::Command DescribePull(PullOptions& o) {
  cli::Command command;
  command.summary = "Fetch images from a registry";
  command.prose =
      "Fetches each IMAGE and prints its id. A name without a registry is looked up as "
      "registries.conf says. What the store has already is not fetched again; layers are unpacked "
      "while they arrive.";
  AddFetchOptions(command.options, o.fetch);
  command.options.push_back({.name = "all-tags",
                             .short_name = 'a',
                             .help = "Fetch every tag of the repository",
                             .sink = &o.all_tags});
  command.options.push_back({.name = "policy",
                             .value = "policy",
                             .help = "When to fetch the image: always, missing, never, newer",
                             .sink = &o.policy,
                             .values = {"always", "missing", "never", "newer"}});
  command.args = {{.name = "IMAGE", .min = 1, .max = cli::kUnlimited, .sink = &o.images,
                   .complete = cli::Complete::kRemoteImages}};
  command.examples = {{"pull alpine"},
                      {"pull --platform linux/arm64 docker.io/library/alpine:3.19"}};
  command.exits = {{"0", "all images are there"}, {"125", "an image could not be fetched"}};
  return command;
}

cli::Command DescribeImport(ImportCommandOptions& o) {
  engine::ImportOptions& i = o.import;
  cli::Command command;
  command.summary = "Make an image from a root file system's tar archive";
  command.prose =
      "Makes an image of one layer from the archive PATH, which may be compressed (gzip, zstd, xz, "
      "bzip2), a URL, or - for the standard input, and prints its id. REFERENCE names it.";
  command.options = {
      {.name = "change", .short_name = 'c', .value = "instruction",
       .help = "Instruction of a Containerfile to apply (CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, "
               "ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR)",
       .sink = &i.changes, .words = words::kChanges},
      {.name = "message", .short_name = 'm', .value = "text",
       .help = "Comment for the image's history", .sink = &i.message},
      {.name = "arch", .value = "architecture", .help = "Architecture of the image",
       .sink = &i.arch, .words = words::kArchitectures},
      {.name = "os", .value = "os", .help = "Operating system of the image", .sink = &i.os, .words = words::kSystems},
      {.name = "variant", .value = "variant", .help = "Variant of the architecture",
       .sink = &i.variant},
      {.name = "quiet", .short_name = 'q', .help = "Show no progress", .sink = &i.quiet},
  };
  command.args = {{.name = "PATH", .sink = &i.source, .complete = cli::Complete::kFiles},
                  {.name = "REFERENCE", .min = 0, .sink = &i.reference}};
  command.examples = {{"import rootfs.tar.gz myimage:1.0"},
                      {"import -c 'CMD [\"/bin/sh\"]' - myimage <rootfs.tar"}};
  return command;
}

cli::Command DescribeSave(SaveCommandOptions& o) {
  engine::SaveOptions& s = o.save;
  cli::Command command;
  command.summary = "Save images to an archive";
  command.prose =
      "Writes an image to a file, a folder or the standard output. The OCI formats hold manifest, config and layers as "
      "they were pulled: nothing is compressed again and no digest changes. A docker-archive holds layers that are not "
      "compressed. Further NAMEs are names that the image gets in the archive, or, with --multi-image-archive, images. "
      "A file is replaced when the new one is whole.";
  command.options = {
      {.name = "output", .short_name = 'o', .value = "file",
       .help = "Write to this file or folder instead of the standard output", .sink = &s.output,
       .complete = cli::Complete::kFiles},
      {.name = "format", .value = "format",
       .help = "What to write: docker-archive, oci-archive, oci-dir, docker-dir", .sink = &s.format,
       .values = {"docker-archive", "oci-archive", "oci-dir", "docker-dir"}},
      {.name = "multi-image-archive", .short_name = 'm', .help = "Take each NAME for an image", .sink = &s.multi},
      {.name = "compress", .help = "Compress layers that are not compressed (docker-dir)", .sink = &s.compress},
      {.name = "uncompressed", .help = "Write layers of the OCI formats without compression", .sink = &s.uncompressed},
      {.name = "quiet", .short_name = 'q', .help = "Show no progress", .sink = &s.quiet},
      {.name = "signature-policy", .value = "file", .help = "Accepted; nothing is verified by it",
       .sink = &o.signature_policy, .hidden = true},
  };
  command.args = {{.name = "NAME", .min = 1, .max = cli::kUnlimited, .sink = &s.images,
                   .complete = cli::Complete::kImages}};
  command.examples = {{"save -o alpine.tar alpine"},
                      {"save --format oci-archive alpine | ssh host ctool load"},
                      {"save -m -o both.tar alpine busybox", "Two images in one archive"}};
  return command;
}

cli::Command DescribeLoad(LoadCommandOptions& o) {
  cli::Command command;
  command.summary = "Load images from an archive";
  command.prose =
      "Puts all images of an archive or folder into the store, or none of them, and prints their names. It is a "
      "docker-archive, an OCI image layout or what the dir transport writes, as a tar archive (gzip, zstd, xz, bzip2 "
      "or plain) or as a folder. Without --input it is read from the standard input, in one pass.";
  command.options = {
      {.name = "input", .short_name = 'i', .value = "file",
       .help = "Read from this file, folder or URL instead of the standard input", .sink = &o.load.input,
       .complete = cli::Complete::kFiles},
      {.name = "quiet", .short_name = 'q', .help = "Show no progress", .sink = &o.load.quiet},
      {.name = "signature-policy", .value = "file", .help = "Accepted; policy.json decides",
       .sink = &o.signature_policy, .hidden = true},
  };
  command.examples = {{"load -i images.tar"}, {"load <image.tar.zst"}};
  command.exits = {{"0", "all images of the archive are there"}, {"125", "none of them has been added"}};
  return command;
}

}  // namespace ctool
