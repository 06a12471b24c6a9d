// Method: whole servers in this process, backed up over gRPC while they serve, restored, and asked
// with tokens from before and from beyond the fork; a tenant exported over gRPC.

#include <gmock/gmock.h>
#include <grpcpp/grpcpp.h>

#include <filesystem>
#include <fstream>

#include "dealog/v1/backup.grpc.pb.h"
#include "dealog/v1/log.grpc.pb.h"
#include "dealog/v1/pipelines.grpc.pb.h"
#include "dealog/v1/tenants.grpc.pb.h"
#include "eventstore/backup/restore.h"
#include "eventstore/backup/tenant_export.h"
#include "eventstore/base/check.h"
#include "google/rpc/error_details.pb.h"
#include "google/rpc/status.pb.h"
#include "services/server/server.h"
#include "tests/services/server/temp_dir.h"

namespace dealog::server {
namespace {

using testing::HasSubstr;

std::string ReasonOf(const grpc::Status& status) {
  google::rpc::Status details;
  google::rpc::ErrorInfo info;
  if (details.ParseFromString(status.error_details()) && details.details_size() > 0) {
    details.details(0).UnpackTo(&info);
  }
  return info.reason();
}

void Prepare(grpc::ClientContext& context) {
  context.AddMetadata("dealog-tenant", "acme");
  context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
}

class ServedBackup : public testing::Test {
 protected:
  void SetUp() override {
    Serve("first");
    grpc::ClientContext context;
    Prepare(context);
    v1::CreateTenantRequest request;
    request.set_name("acme");
    v1::CreateTenantResponse response;
    ASSERT_TRUE(
        v1::TenantService::NewStub(channel_)->CreateTenant(&context, request, &response).ok());
  }

  std::string Path(const std::string& name) const { return temp_.path() + "/" + name; }
  void Serve(const std::string& folder) {
    server_.reset();
    auto server =
        Start({.data_dir = Path(folder), .listen = "127.0.0.1:0", .backup_dir = Path("backups")});
    DEALOG_CHECK_OK(server);
    server_ = *std::move(server);
    channel_ = grpc::CreateChannel(server_->address(), grpc::InsecureChannelCredentials());
  }
  // A pipeline's commit token.
  std::string Write(const std::string& name) {
    grpc::ClientContext context;
    Prepare(context);
    v1::CreatePipelineRequest request;
    request.set_display_name(name);
    request.set_template_name("sales-en");
    v1::PipelineMutationResponse response;
    const grpc::Status status =
        v1::PipelineService::NewStub(channel_)->CreatePipeline(&context, request, &response);
    EXPECT_TRUE(status.ok()) << status.error_message();
    return response.commit().token();
  }
  // Reads at least as new as the token.
  grpc::Status ReadAt(const std::string& token) {
    grpc::ClientContext context;
    Prepare(context);
    v1::ListPipelinesRequest request;
    request.mutable_consistency()->set_at_least(token);
    v1::ListPipelinesResponse response;
    return v1::PipelineService::NewStub(channel_)->ListPipelines(&context, request, &response);
  }
  grpc::Status Create(const std::string& archive, v1::CreateBackupResponse& last) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    v1::CreateBackupRequest request;
    request.set_archive(archive);
    const auto reader = v1::BackupService::NewStub(channel_)->CreateBackup(&context, request);
    v1::CreateBackupResponse message;
    while (reader->Read(&message)) last = message;
    return reader->Finish();
  }

  const TempDir temp_;
  std::unique_ptr<Server> server_;
  std::shared_ptr<grpc::Channel> channel_;
};

TEST_F(ServedBackup, TokensFromBeyondTheForkAreRefused) {
  const std::string kept = Write("Kept");
  v1::CreateBackupResponse last;
  const grpc::Status made = Create("nightly", last);
  ASSERT_TRUE(made.ok()) << made.error_message();
  EXPECT_EQ(last.backup().number(), 1);
  EXPECT_EQ(last.batches_done(), last.batches_total());
  EXPECT_EQ(last.backup().checkpoint_count(), 1);
  const std::string lost = Write("Lost");
  server_.reset();

  eventstore::RestoreOptions options;
  options.archive = Path("backups/nightly");
  options.data_folder = Path("second");
  options.keys_folder = Path("first/keys");
  const auto restored = eventstore::RestoreBackup(options, {});
  ASSERT_TRUE(restored.ok()) << restored.status();
  EXPECT_EQ(restored->checkpoints, 1);
  Serve("second");
  EXPECT_TRUE(ReadAt(kept).ok()) << ReadAt(kept).error_message();
  EXPECT_EQ(ReasonOf(ReadAt(lost)), "POSITION_FORKED");
  EXPECT_TRUE(ReadAt(Write("New")).ok());
  Write("And more, past the lost position");
  EXPECT_EQ(ReadAt(lost).error_code(), grpc::StatusCode::FAILED_PRECONDITION);
}

TEST_F(ServedBackup, ListsWhatThereIs) {
  v1::CreateBackupResponse last;
  ASSERT_TRUE(Create("nightly", last).ok());
  ASSERT_TRUE(Create("nightly", last).ok());
  ASSERT_TRUE(Create("weekly", last).ok());
  grpc::ClientContext context;
  v1::ListBackupsResponse response;
  ASSERT_TRUE(v1::BackupService::NewStub(channel_)
                  ->ListBackups(&context, v1::ListBackupsRequest(), &response)
                  .ok());
  ASSERT_EQ(response.backups_size(), 3);
  EXPECT_EQ(response.backups(1).archive(), "nightly");
  EXPECT_EQ(response.backups(1).base_number(), 1);
  EXPECT_EQ(response.backups(2).archive(), "weekly");
}

TEST_F(ServedBackup, SaysThatThereIsNoArchiveOfAName) {
  grpc::ClientContext context;
  v1::ListBackupsRequest request;
  request.set_archive("nihgtly");
  v1::ListBackupsResponse response;
  const grpc::Status status =
      v1::BackupService::NewStub(channel_)->ListBackups(&context, request, &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::NOT_FOUND);
  EXPECT_THAT(status.error_message(), HasSubstr("nihgtly"));
}

TEST_F(ServedBackup, TakesNamesAndNoPaths) {
  v1::CreateBackupResponse last;
  for (const char* name : {"", "../first", "/tmp/x", "-x", "Nightly", "a.b"}) {
    const grpc::Status status = Create(name, last);
    EXPECT_EQ(ReasonOf(status), "FIELD_INVALID") << name;
    EXPECT_THAT(status.error_message(), HasSubstr("[a-z0-9_-]"));
  }
}

TEST_F(ServedBackup, WithoutAFolderForBackupsItIsRefused) {
  server_.reset();
  auto server = Start({.data_dir = Path("first"), .listen = "127.0.0.1:0"});
  ASSERT_TRUE(server.ok());
  channel_ = grpc::CreateChannel((*server)->address(), grpc::InsecureChannelCredentials());
  v1::CreateBackupResponse last;
  const grpc::Status status = Create("nightly", last);
  EXPECT_EQ(ReasonOf(status), "BACKUP_UNUSABLE");
  EXPECT_THAT(status.error_message(), HasSubstr("--backup-dir"));
}

TEST_F(ServedBackup, ExportsATenantWithItsCheckpoint) {
  Write("One");
  grpc::ClientContext context;
  Prepare(context);
  const auto reader =
      v1::LogService::NewStub(channel_)->ExportLog(&context, v1::ExportLogRequest());
  std::ofstream out(Path("export"), std::ios::binary);
  v1::ExportLogResponse message;
  while (reader->Read(&message)) out << message.data();
  out.close();
  const grpc::Status status = reader->Finish();
  ASSERT_TRUE(status.ok()) << status.error_message();
  const auto file = eventstore::ReadExport(Path("export"), {}, {});
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ(file->head.tenant(), "acme");
  ASSERT_TRUE(file->end.has_value());
  EXPECT_EQ(file->position.value, static_cast<uint64_t>(message.end_position()));
  EXPECT_THAT(file->end->checkpoint(), HasSubstr("/acme"));
}

TEST_F(ServedBackup, AFolderThatIsBeingRestoredIsNotServed) {
  server_.reset();
  for (const char* mark : {"restore", "import"}) {
    std::ofstream(Path("first/") + mark) << "…";
    const auto server = Start({.data_dir = Path("first"), .listen = "127.0.0.1:0"});
    EXPECT_EQ(server.status().code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_THAT(std::string(server.status().message()), HasSubstr("has begun and not ended"));
    std::filesystem::remove(Path("first/") + mark);
  }
}

}  // namespace
}  // namespace dealog::server
