// SPDX-License-Identifier: Apache-2.0
//
// Where an image comes from and where it goes: a registry, an archive, a folder. Whoever copies
// images knows only these two.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/stream.hpp"
#include "base/result.hpp"
#include "registry/client.hpp"
#include "spec/digest.hpp"
#include "spec/image.hpp"

namespace ctool::transport {

// A manifest or index: bytes exactly as received, their type, their digest.
using Document = registry::FetchedDocument;
using Progress = registry::Progress;
using Sink = std::function<Status(std::string_view chunk)>;

// A part of a file; the descriptor is borrowed.
struct FileRange {
  int fd = -1;
  int64_t offset = 0;
  int64_t size = 0;
};

// One image, or the several of an index. Blobs may be asked for by several threads at once, the
// rest by one at a time.
class ImageSource {
 public:
  virtual ~ImageSource() = default;

  // For messages: "docker://quay.io/a/b:1", "oci-archive:/tmp/x.tar:b".
  virtual std::string Name() const = 0;

  // What the source stands for (`digest` empty), or the manifest that its index names. The bytes
  // are verified against the digest and against their type.
  virtual Result<Document> GetManifest(const spec::Digest& digest) = 0;
  // What the source stands for: type and digest, and the bytes only if they cost nothing.
  virtual Result<Document> HeadManifest() { return GetManifest({}); }

  // `sink` gets every byte once, in order; an error of its own comes back unchanged. The number of
  // bytes is the descriptor's, else kCorrupt; hashing is the caller's.
  virtual Status GetBlob(const spec::Descriptor& blob, const Sink& sink, Progress* progress) = 0;

  // How whatever holds the image calls it, as it stands there and unchecked: tags in a
  // docker-archive, annotations of an OCI index. A registry says nothing: there it is the question.
  virtual std::vector<std::string> GivenNames() const { return {}; }

  // Whether it was a manifest list where it was written, and no image of which there are several.
  virtual bool IsList() const { return false; }
};

// The bytes of a blob on their way out: as a stream that is read once, and, when they are in a
// file as they are, as that too, for who can let the kernel copy or must be able to begin again.
struct BlobBytes {
  archive::Source* stream = nullptr;
  std::optional<FileRange> file;
};

// Takes images. The order is: the blobs of an image, its manifest, after all manifests of an index
// that index; Finish at the very end. An archive on a pipe is written as that comes: sizes are
// known beforehand, and nothing is asked for twice. Destroying it without Finish leaves nothing
// that could be taken for an image.
class ImageDestination {
 public:
  virtual ~ImageDestination() = default;

  // For messages, as above.
  virtual std::string Name() const = 0;

  // True when the blob is there, or can be had without its bytes (a mount from another repository).
  virtual Result<bool> TryReuse(const spec::Descriptor& blob) = 0;
  // Exactly blob.size bytes of `bytes`, else kCorrupt.
  virtual Status PutBlob(const spec::Descriptor& blob, const BlobBytes& bytes,
                         Progress* progress) = 0;
  // A place for a blob that the caller fills with exactly its bytes before Finish, by pwrite(2) and from any thread; others
  // may be put meanwhile. Nothing where there are no places (a pipe).
  virtual Result<std::optional<FileRange>> Reserve(const spec::Descriptor& /*blob*/) { return std::optional<FileRange>(); }
  // A manifest that an index names: it is known there by its digest only.
  virtual Status PutPart(const Document& manifest) = 0;
  // What the image stands for, a manifest or an index. `names`: what it is to be called there (tags, whole references);
  // may be empty.
  virtual Status PutImage(const Document& top, const std::vector<std::string>& names) = 0;
  // Makes what was put visible.
  virtual Status Finish() = 0;
};

}  // namespace ctool::transport
