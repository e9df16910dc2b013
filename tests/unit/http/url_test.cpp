// SPDX-License-Identifier: Apache-2.0
#include "http/url.hpp"

#include <gtest/gtest.h>

namespace ctool::http {
namespace {

TEST(Url, Parts) {
  const auto url = Url::Parse("HTTPS://Host.Example/a?b#c");
  ASSERT_TRUE(url.ok()) << url.error().Message();
  EXPECT_EQ(url->scheme, "https");
  EXPECT_EQ(url->host, "host.example");
  EXPECT_EQ(url->port, 443);
  EXPECT_TRUE(url->has_fragment);
  EXPECT_FALSE(url->has_user);
  EXPECT_TRUE(Url::Parse("http://u:p@h/")->has_user);
  EXPECT_EQ(Url::Parse("http://[::1]:5000/x")->host, "::1");
  EXPECT_EQ(Url::Parse("http://[::1]:5000/x")->port, 5000);
  EXPECT_EQ(Url::Parse("ftp://h/")->scheme, "ftp");
  EXPECT_EQ(Url::Parse("http://2852039166/")->host, "169.254.169.254");
  EXPECT_EQ(Url::Parse("http://0x7f.1/")->host, "127.0.0.1");
  for (const char* bad : {"", "no-scheme", "http://", "http://h:99999/", "http:// /",
                          "http://a b/"})
    EXPECT_FALSE(Url::Parse(bad).ok()) << bad;
}

TEST(Url, SameOrigin) {
  const Url base = *Url::Parse("https://h/a");
  EXPECT_TRUE(base.SameOrigin(*Url::Parse("https://H:443/b")));
  EXPECT_FALSE(base.SameOrigin(*Url::Parse("https://h:444/b")));
  EXPECT_FALSE(base.SameOrigin(*Url::Parse("http://h:443/b")));
  EXPECT_FALSE(base.SameOrigin(*Url::Parse("https://h.h/b")));
}

TEST(Url, Resolve) {
  EXPECT_EQ(*ResolveUrl("https://h/a/b", "/c?d=e"), "https://h/c?d=e");
  EXPECT_EQ(*ResolveUrl("https://h/a/b", "c"), "https://h/a/c");
  EXPECT_EQ(*ResolveUrl("https://h/a", "//other/x"), "https://other/x");
  EXPECT_FALSE(ResolveUrl("https://h/a", "").ok());
  EXPECT_FALSE(ResolveUrl("https://h/a", "http://" + std::string(20'000, 'a')).ok());
}

TEST(Url, Query) {
  EXPECT_EQ(*AppendQuery("https://h/token?x=1", {{"service", "a b&c"}, {"scope", "r:a/b:pull"}}),
            "https://h/token?x=1&service=a+b%26c&scope=r%3aa%2fb%3apull");
  EXPECT_EQ(EncodeForm({{"a", "1 2"}, {"b", "\xff&="}}), "a=1%202&b=%ff%26%3d");
}

TEST(Url, Redact) {
  EXPECT_EQ(RedactUrl("https://u:p@h/a?X-Signature=s#f"), "https://h/a");
  EXPECT_EQ(RedactUrl("u:p@"), "(unreadable URL)");
}

TEST(Url, Loopback) {
  for (const char* yes : {"localhost", "127.0.0.1", "127.1.2.3", "::1", "[::1]"})
    EXPECT_TRUE(IsLoopback(yes)) << yes;
  for (const char* no : {"127.evil.com", "127.0.0.1.evil.com", "localhost.evil", "10.0.0.1", "",
                         "127.0.0.256"})
    EXPECT_FALSE(IsLoopback(no)) << no;
}

}  // namespace
}  // namespace ctool::http
