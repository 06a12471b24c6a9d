// Method: the .proto files themselves, method by method.

#include "services/rpc/method.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

namespace dealog::rpc {
namespace {

TEST(DescribeMethod, EveryMethodHasAPermission) {
  size_t count = 0;
  for (const auto* service : AllServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      const Method method = DescribeMethod(*service->method(i));
      EXPECT_THAT(method.permission, testing::MatchesRegex("[a-z]+\\.(read|write|append|admin)"))
          << method.path;
      ++count;
    }
  }
  EXPECT_GT(count, 50u);
}

TEST(DescribeMethod, EveryMethodHasARequestOfItsOwn) {
  std::set<const google::protobuf::Descriptor*> requests;
  for (const auto* service : AllServices()) {
    for (int i = 0; i < service->method_count(); ++i) {
      EXPECT_TRUE(requests.insert(service->method(i)->input_type()).second)
          << service->method(i)->full_name();
    }
  }
}

TEST(DescribeMethod, OnlyTheServersOwnServicesNeedNoTenant) {
  for (const auto* service : AllServices()) {
    const bool of_server = service->name() == "TenantService" ||
                           service->name() == "AdminService" || service->name() == "BackupService";
    EXPECT_EQ(DescribeMethod(*service->method(0)).needs_tenant, !of_server) << service->name();
  }
}

TEST(AllServices, ListsEveryServiceOfTheProtoFiles) {
  size_t declared = 0;
  for (const auto& entry : std::filesystem::directory_iterator("proto/dealog/v1")) {
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      if (line.rfind("service ", 0) == 0) ++declared;
    }
  }
  EXPECT_EQ(AllServices().size(), declared);
}

}  // namespace
}  // namespace dealog::rpc
