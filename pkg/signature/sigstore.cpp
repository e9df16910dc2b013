// SPDX-License-Identifier: Apache-2.0
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include <memory>

#include "signature/signature.hpp"

namespace ctool::signature {
namespace {

constexpr size_t kMaxSignature = 16 << 10;

struct Free {
  void operator()(BIO* bio) const { BIO_free(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

Result<std::unique_ptr<EVP_PKEY, Free>> ReadKey(const std::string& pem) {
  const std::unique_ptr<BIO, Free> bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
  CHECK(bio != nullptr);
  std::unique_ptr<EVP_PKEY, Free> key(PEM_read_bio_PUBKEY(bio.get(), nullptr, nullptr, nullptr));
  if (key == nullptr) return Error(Code::kInvalidArgument, "a key of the policy is no public key in PEM form");
  return key;
}

Result<std::string> FromBase64(std::string_view text) {
  if (text.empty() || text.size() % 4 != 0 || text.size() > kMaxSignature) return Error(Code::kCorrupt, "invalid base64");
  std::string out(text.size() / 4 * 3, '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                   reinterpret_cast<const unsigned char*>(text.data()), static_cast<int>(text.size()));
  if (size < 0) return Error(Code::kCorrupt, "invalid base64");
  // EVP_DecodeBlock counts the padding as bytes.
  const size_t padding = text.back() != '=' ? 0 : text[text.size() - 2] == '=' ? 2 : 1;
  out.resize(static_cast<size_t>(size) - padding);
  return out;
}

bool Verifies(EVP_PKEY* key, std::string_view document, const std::string& signature) {
  const std::unique_ptr<EVP_MD_CTX, Free> context(EVP_MD_CTX_new());
  CHECK(context != nullptr);
  // Ed25519 hashes by itself.
  const EVP_MD* hash = EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
  return EVP_DigestVerifyInit(context.get(), nullptr, hash, nullptr, key) == 1 &&
         EVP_DigestVerify(context.get(), reinterpret_cast<const unsigned char*>(signature.data()), signature.size(),
                          reinterpret_cast<const unsigned char*>(document.data()), document.size()) == 1;
}

}  // namespace

Status VerifySigstore(std::string_view document, std::string_view base64, const std::vector<std::string>& keys) {
  const std::string signature = TRY(FromBase64(base64));
  for (const std::string& pem : keys) {
    const std::unique_ptr<EVP_PKEY, Free> key = TRY(ReadKey(pem));
    if (Verifies(key.get(), document, signature)) return Ok();
  }
  return Error(Code::kPermission, "cryptographic signature verification failed");
}

}  // namespace ctool::signature
