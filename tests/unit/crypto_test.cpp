// SPDX-License-Identifier: GPL-3.0-or-later
// core/crypto: digests against published vectors, random identifiers, secrets.
#include "core/crypto.hpp"

#include <gmock/gmock.h>

#include <set>

#include "core/text.hpp"

namespace jidgate {
namespace {

// FIPS 180-4 and RFC 1321 appendix A.5.
TEST(Crypto, DigestsHaveTheirPublishedValues) {
  EXPECT_EQ(sha256_hex(""), "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  EXPECT_EQ(sha256_hex("abc"), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  EXPECT_EQ(hex_encode(sha256("abc")), sha256_hex("abc"));
  EXPECT_EQ(sha1_hex("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(md5_hex(""), "d41d8cd98f00b204e9800998ecf8427e");
  EXPECT_EQ(md5_hex("message digest"), "f96b697d7cb7938d525a2f31aaf161d0");
}

// RFC 4231 test cases 1, 2 and 6 (a key longer than a block).
TEST(Crypto, KeyedDigestsHaveTheirPublishedValues) {
  EXPECT_EQ(hex_encode(hmac_sha256(std::string(20, '\x0b'), "Hi There")),
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
  EXPECT_EQ(hex_encode(hmac_sha256("Jefe", "what do ya want for nothing?")),
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  EXPECT_EQ(hex_encode(hmac_sha256(std::string(131, '\xaa'),
                                   "Test Using Larger Than Block-Size Key - Hash Key First")),
            "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54");
}

TEST(Crypto, AnEmptyKeyIsAKeyAndNotTheLastOne) {
  const std::string expected = "b613679a0814d9ec772f95d778c35fc5ff1697c493715653c6c712144292c5ad";
  EXPECT_EQ(hex_encode(hmac_sha256({}, {})), expected);
  hmac_sha256("another", "text");
  EXPECT_EQ(hex_encode(hmac_sha256({}, {})), expected);
}

TEST(Crypto, RandomIdentifiersAre128BitsInLowerCaseHexadecimalAndDiffer) {
  std::set<std::string> seen;
  for (int round = 0; round < 1000; ++round) {
    const std::string id = random_id();
    EXPECT_EQ(id.size(), 32u);
    EXPECT_EQ(id.find_first_not_of("0123456789abcdef"), std::string::npos) << id;
    EXPECT_TRUE(seen.insert(id).second) << id;
  }
  EXPECT_EQ(random_octets(0), "");
  EXPECT_EQ(random_octets(33).size(), 33u);
}

TEST(Crypto, ComparisonInConstantTimeStillCompares) {
  EXPECT_TRUE(equal_in_constant_time("", ""));
  EXPECT_TRUE(equal_in_constant_time("secret", "secret"));
  EXPECT_FALSE(equal_in_constant_time("secret", "secreT"));
  EXPECT_FALSE(equal_in_constant_time("secret", "secre"));
  EXPECT_FALSE(equal_in_constant_time("", "s"));
}

TEST(Secret, IsRevealedOnlyWhereItWasMoved) {
  Secret first("short");
  Secret second(std::move(first));
  EXPECT_TRUE(first.empty());  // NOLINT(bugprone-use-after-move): this is what is tested
  EXPECT_EQ(second.reveal(), "short");
  Secret third("another one, too long for the buffer inside a string");
  third = std::move(second);
  EXPECT_TRUE(second.empty());  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(third.reveal(), "short");
}

TEST(Secret, LeavesNothingBehindWhereItWasMovedFrom) {
  Secret first("short");
  const char* place = first.reveal().data();
  const Secret second(std::move(first));
  EXPECT_THAT(std::string(place, 5), testing::Each('\0'));
}

}  // namespace
}  // namespace jidgate
