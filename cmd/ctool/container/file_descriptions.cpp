// SPDX-License-Identifier: Apache-2.0
//
// Of cp also for ctool-images, which runs `cp -`.
#include "ctool/container/file_options.hpp"
#include "ctool/words.hpp"

namespace ctool {

cli::Command DescribeCp(CpOptions& o) {
  cli::Command c;
  c.summary = "Copy files between a container and the host";
  c.prose =
      "Copies the file or directory SOURCE to DESTINATION. A path in a container is written CONTAINER:PATH, and a relative "
      "one begins at the container's working directory. With - as SOURCE a tar archive, which may be compressed, is read "
      "from the standard input and unpacked in DESTINATION; with - as DESTINATION one is written to the standard output.\n\n"
      "The container may run or not. A copy into a directory that exists gets the name of SOURCE there; SOURCE/. means what "
      "is in the directory. Symbolic links are followed inside of the container; there are no wildcards.";
  c.options = {
      {.name = "archive", .short_name = 'a', .help = "Give what is copied to the user of the container it goes to; with =false owners are kept",
       .sink = &o.copy.archive},
      {.name = "overwrite", .help = "Let a directory replace something else, and the reverse", .sink = &o.copy.overwrite},
      {.name = "pause", .help = "Accepted for older scripts", .sink = &o.pause, .hidden = true},
      {.name = "extract", .help = "Accepted for older scripts", .sink = &o.extract, .hidden = true},
  };
  c.args = {{.name = "SOURCE", .sink = &o.copy.source, .complete = cli::Complete::kContainerPaths},
            {.name = "DESTINATION", .sink = &o.copy.destination, .complete = cli::Complete::kContainerPaths}};
  c.examples = {{"cp site.conf web:/etc/nginx/conf.d/", "Copy a file into a container"},
                {"cp web:/var/log/. logs", "Copy what is in a directory to the host"},
                {"cp web:/srv - | tar t", "List a directory's archive"}};
  c.exits = {{"0", "everything is copied"}, {"125", "something could not be copied"}};
  return c;
}

cli::Command DescribeExport(ExportOptions& o) {
  cli::Command c;
  c.summary = "Write a container's root file system as a tar archive";
  c.prose =
      "Writes what the container CONTAINER has for its root, image and changes in one, to the standard output or a file. What is "
      "mounted in it, such as a volume, is left out. The container may run or not.";
  c.options = {{.name = "output", .short_name = 'o', .value = "file", .help = "Write to this file instead of the standard output",
                .sink = &o.output, .complete = cli::Complete::kFiles}};
  c.args = {{.name = "CONTAINER", .sink = &o.container, .complete = cli::Complete::kContainers}};
  c.examples = {{"export web >web.tar"}, {"export -o web.tar web"}};
  c.exits = {{"0", "the archive is written"}, {"125", "the archive is not whole"}};
  return c;
}

cli::Command DescribeCommit(CommitCommandOptions& o) {
  engine::CommitOptions& i = o.commit;
  cli::Command c;
  c.summary = "Make an image of a container";
  c.prose =
      "Makes an image of what the container CONTAINER was made from and what it has changed, and prints its id. IMAGE names it; a name that "
      "another image has is taken from that. What the container was started with (command, environment, user ...) is what containers of "
      "the image get; --change says otherwise. Volumes are not part of it.";
  c.options = {
      {.name = "author", .short_name = 'a', .value = "name", .help = "Who made the image", .sink = &i.author},
      {.name = "change", .short_name = 'c', .value = "instruction",
       .help = "Instruction of a Containerfile to apply (CMD, ENTRYPOINT, ENV, EXPOSE, LABEL, ONBUILD, STOPSIGNAL, USER, VOLUME, WORKDIR)",
       .sink = &i.changes, .words = words::kChanges},
      {.name = "format", .short_name = 'f', .value = "format", .help = "Format of the image: oci or docker", .sink = &i.format, .values = {"oci", "docker"}},
      {.name = "iidfile", .value = "file", .help = "Write the image's id to this file", .sink = &o.iidfile, .complete = cli::Complete::kFiles},
      {.name = "include-volumes", .help = "Let the image's containers have volumes where this one has its own", .sink = &i.include_volumes},
      {.name = "message", .short_name = 'm', .value = "text", .help = "Comment of the image, in the docker format only", .sink = &i.message},
      {.name = "pause", .short_name = 'p', .help = "Pause the container meanwhile", .sink = &i.pause},
      {.name = "quiet", .short_name = 'q', .help = "Show no progress", .sink = &o.quiet},
      {.name = "squash", .short_name = 's', .help = "Make one layer of the container and its image", .sink = &i.squash},
  };
  c.args = {{.name = "CONTAINER", .sink = &i.container, .complete = cli::Complete::kContainers},
            {.name = "IMAGE", .min = 0, .sink = &i.image, .complete = cli::Complete::kImages}};
  c.examples = {{"commit web web:fixed"}, {"commit -c 'CMD [\"nginx\"]' web", "Let the image's containers run another command"}};
  c.exits = {{"0", "the image is there"}, {"125", "the image could not be made"}};
  return c;
}

}  // namespace ctool
