// Method: tables of texts and their normal forms; each bad text is refused for its own reason.

#include "services/domain/text.h"

#include <gtest/gtest.h>

#include "services/domain/limits.h"

namespace dealog::domain {
namespace {

bool Ok(std::string_view text, const TextRule& rule) { return CheckText("f", text, rule).ok(); }

TEST(CheckText, CountsCodePoints) {
  EXPECT_TRUE(Ok("ééé", {.chars_max = 3}));
  EXPECT_FALSE(Ok("éééé", {.chars_max = 3}));
  EXPECT_TRUE(Ok("ééé", {.bytes_max = 6}));
  EXPECT_FALSE(Ok("ééé", {.bytes_max = 5}));
  EXPECT_EQ(CountCharacters("a😀é"), 3u);
  EXPECT_EQ(CountCharacters("\xff"), std::nullopt);
}

TEST(CheckText, RefusesBytesThatAreNoUtf8) {
  for (const char* text : {"\xc3\x28", "\xff", "\xed\xa0\x80", "\xc0\xaf", "a\xe2\x82"}) {
    EXPECT_NE(CheckText("f", text, {}).message().find("UTF-8"), std::string::npos);
  }
}

TEST(CheckText, RefusesControlCharacters) {
  EXPECT_FALSE(Ok(std::string_view("a\0b", 3), {}));
  EXPECT_FALSE(Ok("a\nb", {}));
  EXPECT_FALSE(Ok("a\tb", {}));
  EXPECT_FALSE(Ok("\x7f", {}));
  EXPECT_FALSE(Ok("\xc2\x85", {}));  // U+0085, of the second control block.
  EXPECT_TRUE(Ok("a\n\tb", {.multiline = true}));
  EXPECT_FALSE(Ok("a\rb", {.multiline = true}));
  EXPECT_NE(CheckText("f", "ab\x1b", {}).message().find("U+001b at character 3"),
            std::string::npos);
}

TEST(CheckText, RequiredIsMoreThanWhiteSpace) {
  EXPECT_TRUE(Ok("", {}));
  EXPECT_FALSE(Ok("", {.required = true}));
  EXPECT_FALSE(Ok(" \u00a0\u3000", {.required = true}));
}

TEST(NormalizeName, FoldsAndCollapses) {
  EXPECT_EQ(NormalizeName("  Ada \t Lovelace "), "ada lovelace");
  EXPECT_EQ(NormalizeName("ÉCOLE"), "école");
  EXPECT_EQ(NormalizeName("E\u0301cole"), "école");  // Composed.
  EXPECT_EQ(NormalizeName("STRASSE"), NormalizeName("straße"));
  EXPECT_EQ(NormalizeName("ﬁn"), "fin");
  EXPECT_EQ(NormalizeName("Ａ\u3000Ｂ"), "a b");
  EXPECT_EQ(NormalizeName(" \t"), "");
  EXPECT_NE(NormalizeName("école"), NormalizeName("ecole"));
}

TEST(NormalizeEmail, FoldsTheAddress) {
  EXPECT_EQ(NormalizeEmail(" Ada.L+x@Example.ORG "), "ada.l+x@example.org");
  EXPECT_EQ(NormalizeEmail("ada@BÜCHER.example"), "ada@xn--bcher-kva.example");
  EXPECT_EQ(NormalizeEmail("ada@xn--bcher-kva.example"), "ada@xn--bcher-kva.example");
  EXPECT_EQ(NormalizeEmail("élan@example.org"), "élan@example.org");
}

TEST(NormalizeEmail, KnowsWhatIsNone) {
  for (const char* text : {"", "a", "@b.c", "a@", "a@b", "a b@c.org", "a@b c.org", "a@.org",
                           "a@b..org", "a,b@c.org", "\"a\"@b.org", "a@b@c.org", "a@b_c.org"}) {
    EXPECT_EQ(NormalizeEmail(text), std::nullopt) << text;
  }
  EXPECT_EQ(NormalizeEmail(std::string(kEmailBytesMax, 'a') + "@b.org"), std::nullopt);
}

TEST(NormalizeDomain, FoldsTheDomain) {
  EXPECT_EQ(NormalizeDomain(" Example.ORG. "), "example.org");
  EXPECT_EQ(NormalizeDomain("例え.テスト"), "xn--r8jz45g.xn--zckzah");
  for (const char* text :
       {"", ".", "localhost", "a b.org", "-a.org", "a..org", "http://a.org", "a.org/x"}) {
    EXPECT_EQ(NormalizeDomain(text), std::nullopt) << text;
  }
  EXPECT_EQ(NormalizeDomain(std::string(64, 'a') + ".org"), std::nullopt);
}

}  // namespace
}  // namespace dealog::domain
