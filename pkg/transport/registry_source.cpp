// SPDX-License-Identifier: Apache-2.0
#include "transport/registry_source.hpp"

namespace ctool::transport {
namespace {

class RegistrySource final : public ImageSource {
 public:
  RegistrySource(std::unique_ptr<registry::Client> client, spec::Reference reference)
      : client_(std::move(client)), reference_(std::move(reference)) {}

  std::string Name() const override { return "docker://" + reference_.Name(); }
  Result<Document> GetManifest(const spec::Digest& digest) override {
    return client_->GetManifest(digest.empty() ? reference_.TagOrDigest() : digest.str());
  }
  Result<Document> HeadManifest() override {
    return client_->HeadManifest(reference_.TagOrDigest());
  }
  Status GetBlob(const spec::Descriptor& blob, const Sink& sink, Progress* progress) override {
    return client_->GetBlob(blob, sink, progress);
  }

 private:
  std::unique_ptr<registry::Client> client_;
  spec::Reference reference_;
};

}  // namespace

std::unique_ptr<ImageSource> FromRegistry(std::unique_ptr<registry::Client> client,
                                          spec::Reference reference) {
  return std::make_unique<RegistrySource>(std::move(client), std::move(reference));
}

}  // namespace ctool::transport
