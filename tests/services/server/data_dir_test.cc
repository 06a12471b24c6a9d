// Method: folders as a first start, a second start, a second server and an accident leave them.

#include "services/server/data_dir.h"

#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/services/server/temp_dir.h"

namespace dealog::server {
namespace {

TEST(DataDir, MakesWhatIsMissingAndKeepsItsKeys) {
  const TempDir temp;
  const std::string path = temp.path() + "/new/folder";
  std::string unique;
  std::string token;
  std::string audit;
  {
    const auto dir = DataDir::Open(path);
    ASSERT_TRUE(dir.ok()) << dir.status();
    unique = (*dir)->unique_key().bytes();
    token = (*dir)->token_key().bytes();
    audit = (*dir)->audit_key().bytes();
    EXPECT_TRUE(std::filesystem::is_directory((*dir)->imports_path()));
  }
  EXPECT_EQ(unique.size(), 32u);
  EXPECT_EQ(token.size(), 32u);
  EXPECT_EQ(audit.size(), 32u);
  EXPECT_NE(unique, token);
  EXPECT_NE(audit, token);
  for (const char* key : {"/keys/unique.key", "/keys/token.key", "/keys/audit.key"}) {
    struct stat info {};
    ASSERT_EQ(stat((path + key).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << key;
  }
  const auto again = DataDir::Open(path);
  ASSERT_TRUE(again.ok());
  EXPECT_EQ((*again)->unique_key().bytes(), unique);
  EXPECT_EQ((*again)->token_key().bytes(), token);
  EXPECT_EQ((*again)->audit_key().bytes(), audit);
}

TEST(DataDir, IsOneServersAtATime) {
  const TempDir temp;
  auto first = DataDir::Open(temp.path());
  ASSERT_TRUE(first.ok());
  const auto second = DataDir::Open(temp.path());
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(second.status().message()),
              testing::AllOf(testing::HasSubstr("in use by another dealogd"),
                             testing::HasSubstr(std::to_string(getpid()))));
  first->reset();
  EXPECT_TRUE(DataDir::Open(temp.path()).ok());
}

// A new key would make every unique value of the log unfindable, silently.
TEST(DataDir, RefusesALogWhoseKeyIsGone) {
  const TempDir temp;
  ASSERT_TRUE(DataDir::Open(temp.path()).ok());
  std::filesystem::create_directories(temp.path() + "/log");
  std::ofstream(temp.path() + "/log/CURRENT") << "MANIFEST-000001\n";
  ASSERT_TRUE(DataDir::Open(temp.path()).ok());
  std::filesystem::remove(temp.path() + "/keys/unique.key");
  const auto refused = DataDir::Open(temp.path());
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.status().message()), testing::HasSubstr("unique.key"));
}

// Auditors would take no other key's signatures for this server's.
TEST(DataDir, RefusesTreesWhoseKeyIsGone) {
  const TempDir temp;
  ASSERT_TRUE(DataDir::Open(temp.path()).ok());
  std::filesystem::create_directories(temp.path() + "/audit");
  std::ofstream(temp.path() + "/audit/CURRENT") << "MANIFEST-000001\n";
  ASSERT_TRUE(DataDir::Open(temp.path()).ok());
  std::filesystem::remove(temp.path() + "/keys/audit.key");
  const auto refused = DataDir::Open(temp.path());
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_THAT(std::string(refused.status().message()), testing::HasSubstr("audit.key"));
  std::filesystem::remove_all(temp.path() + "/audit");
  EXPECT_TRUE(DataDir::Open(temp.path()).ok()) << "as the message says";
}

TEST(DataDir, RefusesADamagedKey) {
  const TempDir temp;
  ASSERT_TRUE(DataDir::Open(temp.path()).ok());
  for (const char* bytes : {"", "short", "longer than the thirty-two bytes of a key"}) {
    std::ofstream(temp.path() + "/keys/unique.key", std::ios::trunc) << bytes;
    EXPECT_EQ(DataDir::Open(temp.path()).status().code(), absl::StatusCode::kDataLoss);
  }
}

TEST(DataDir, RefusesAPathThatIsAFile) {
  const TempDir temp;
  std::ofstream(temp.path() + "/file") << "x";
  EXPECT_FALSE(DataDir::Open(temp.path() + "/file").ok());
}

}  // namespace
}  // namespace dealog::server
