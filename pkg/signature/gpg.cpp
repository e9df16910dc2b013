// SPDX-License-Identifier: Apache-2.0
//
// gpgme runs gpg in a folder of its own that holds the policy's keys and nothing else: what the user has in their keyring,
// trusts or has configured plays no part.
#include <gpgme.h>
#include <stdlib.h>

#include <clocale>
#include <memory>
#include <mutex>
#include <set>

#include "base/scope.hpp"
#include "base/text.hpp"
#include "signature/signature.hpp"
#include "sys/file.hpp"

namespace ctool::signature {
namespace {

constexpr size_t kMaxDocument = 1 << 20;

struct Release {
  void operator()(gpgme_context* context) const { gpgme_release(context); }
  void operator()(gpgme_data* data) const { gpgme_data_release(data); }
  void operator()(_gpgme_key* key) const { gpgme_key_unref(key); }
};
using Data = std::unique_ptr<gpgme_data, Release>;

Error Failed(const char* what, gpgme_error_t error) {
  return Error(Code::kUnsupported, std::string("OpenPGP signatures: ") + what + ": " + gpgme_strerror(error))
      .Hint("is gpg installed (package gnupg or gpg)?");
}

Result<Data> FromMemory(std::string_view bytes) {
  gpgme_data_t data = nullptr;
  if (const gpgme_error_t error = gpgme_data_new_from_mem(&data, bytes.data(), bytes.size(), 0); error != 0)
    return Failed("memory", error);
  return Data(data);
}

// A gpg with a home of its own, which goes with it.
class Gpg {
 public:
  static Result<Gpg> Start() {
    static std::once_flag once;
    std::call_once(once, [] { gpgme_check_version(nullptr); });
    Gpg gpg;
    std::string folder = "/tmp/ctool-gpg-XXXXXX";
    if (::mkdtemp(folder.data()) == nullptr) return Error::Sys(errno, "mkdtemp", folder);
    gpg.home_ = folder;
    gpgme_ctx_t context = nullptr;
    if (const gpgme_error_t error = gpgme_new(&context); error != 0) return Failed("start", error);
    gpg.context_.reset(context);
    gpgme_error_t error = gpgme_set_protocol(context, GPGME_PROTOCOL_OpenPGP);
    if (error == 0) error = gpgme_ctx_set_engine_info(context, GPGME_PROTOCOL_OpenPGP, nullptr, folder.c_str());
    if (error != 0) return Failed("start", error);
    gpgme_set_offline(context, 1);
    return gpg;
  }
  Gpg(Gpg&& o) noexcept : context_(std::move(o.context_)), home_(std::exchange(o.home_, "")) {}
  ~Gpg() {
    context_.reset();
    if (!home_.empty()) static_cast<void>(sys::RemoveTree(home_).ok());  // what is left is in /tmp
  }

  // The fingerprints of the keys in `file`.
  Result<std::set<std::string>> Import(const std::string& file) {
    const Data data = TRY(FromMemory(file));
    if (const gpgme_error_t error = gpgme_op_import(context_.get(), data.get()); error != 0) return Failed("import", error);
    std::set<std::string> out;
    for (gpgme_import_status_t one = gpgme_op_import_result(context_.get())->imports; one != nullptr; one = one->next)
      if (one->result == 0 && one->fpr != nullptr) out.insert(one->fpr);
    return out;
  }

  Result<std::string> Verify(std::string_view message, const std::set<std::string>& trusted) {
    const Data in = TRY(FromMemory(message));
    gpgme_data_t raw = nullptr;
    if (const gpgme_error_t error = gpgme_data_new(&raw); error != 0) return Failed("memory", error);
    const Data out(raw);
    if (gpgme_op_verify(context_.get(), in.get(), nullptr, raw) != 0) return Untrusted("it is no signed message");
    const gpgme_signature_t signature = gpgme_op_verify_result(context_.get())->signatures;
    if (signature == nullptr || signature->next != nullptr) return Untrusted("exactly one signature is expected");
    if (gpgme_err_code(signature->status) != GPG_ERR_NO_ERROR || signature->fpr == nullptr)
      return Untrusted(gpgme_strerror(signature->status));
    if (trusted.count(TRY(PrimaryOf(signature->fpr))) == 0) return Untrusted(std::string("it is by key ") + signature->fpr);
    return Contents(raw);
  }

 private:
  Gpg() = default;

  static Error Untrusted(const std::string& why) {
    return Error(Code::kPermission, "the signature is not accepted: " + Printable(why));
  }

  // A signature is often made by a subkey.
  Result<std::string> PrimaryOf(const char* fingerprint) {
    gpgme_key_t raw = nullptr;
    if (gpgme_get_key(context_.get(), fingerprint, &raw, 0) != 0) return Untrusted("its key is not known");
    const std::unique_ptr<_gpgme_key, Release> key(raw);
    if (raw->revoked || raw->expired || raw->disabled || raw->invalid || raw->subkeys == nullptr || raw->subkeys->fpr == nullptr)
      return Untrusted("its key was revoked or has expired");
    return std::string(raw->subkeys->fpr);
  }

  static Result<std::string> Contents(gpgme_data_t data) {
    std::string text;
    char chunk[4096];
    gpgme_data_seek(data, 0, SEEK_SET);
    for (;;) {
      const ssize_t n = gpgme_data_read(data, chunk, sizeof chunk);
      if (n < 0 || text.size() > kMaxDocument) return Error(Code::kCorrupt, "the signed document can't be read");
      if (n == 0) return text;
      text.append(chunk, static_cast<size_t>(n));
    }
  }

  std::unique_ptr<gpgme_context, Release> context_;
  std::string home_;
};

}  // namespace

Result<std::string> OpenGpg(std::string_view message, const std::vector<std::string>& keys) {
  Gpg gpg = TRY(Gpg::Start());
  std::set<std::string> trusted;
  for (const std::string& file : keys) trusted.merge(TRY(gpg.Import(file)));
  if (trusted.empty()) return Error(Code::kInvalidArgument, "the policy's keys are no OpenPGP keys");
  return gpg.Verify(message, trusted);
}

}  // namespace ctool::signature
