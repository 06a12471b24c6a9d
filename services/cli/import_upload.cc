#include "services/cli/import_upload.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "dealog/v1/imports.grpc.pb.h"
#include "eventstore/base/error.h"
#include "eventstore/base/status.h"
#include "services/cli/files.h"
#include "services/cli/limits.h"
#include "services/cli/text/error_text.h"
#include "services/cli/text/format.h"

namespace dealog::cli {
namespace {

using Writer = grpc::ClientWriter<v1::StartImportRequest>;

// Sends a file in pieces; an empty file is one empty piece, so that the server sees that it is
// there. Stops without an error when the server has ended the call: Finish() tells why.
absl::Status SendFile(const std::string& folder, const std::string& name, Writer& writer) {
  const std::string path = (std::filesystem::path(folder) / name).string();
  std::ifstream file(path, std::ios::binary);
  if (!file) return FileError(path, "it cannot be opened");
  std::string buffer(kImportChunkBytes, '\0');
  bool first = true;
  while (file) {
    file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()));
    const auto count = static_cast<size_t>(file.gcount());
    if (file.bad()) return FileError(path, "it cannot be read");
    if (count == 0 && !first) break;
    first = false;
    v1::StartImportRequest message;
    message.mutable_chunk()->set_file(name);
    message.mutable_chunk()->set_data(buffer.data(), count);
    if (!writer.Write(message)) break;
  }
  return absl::OkStatus();
}

// The job that runs already, where the server refused to start it a second time.
absl::StatusOr<v1::Import> Attach(const absl::Status& refusal, Session& session) {
  const std::string import_id = ErrorMetadata(refusal, "import_id");
  if (base::ReasonOf(refusal) != "IMPORT_RUNNING" || import_id.empty()) return refusal;
  session.printer().Note(absl::StrCat("this import runs already as ", import_id));
  v1::GetImportRequest request;
  request.set_import_id(import_id);
  ASSIGN_OR_RETURN(v1::GetImportResponse reply,
                   session.client().Call(&v1::ImportService::Stub::GetImport, request));
  return std::move(*reply.mutable_import());
}

absl::Status CheckGiven(const ImportInput& input) {
  if (input.mapping_path.empty()) {
    return base::InvalidField("--mapping", "expected the mapping file, found none");
  }
  if (input.folder.empty()) {
    return base::InvalidField("folder", "expected the folder with the files, found none");
  }
  return absl::OkStatus();
}

}  // namespace

absl::StatusOr<std::vector<std::string>> FilesNamedBy(const std::string& mapping,
                                                      const std::string& folder) {
  std::error_code error;
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    if (!entry.is_regular_file(error)) continue;
    const std::string name = entry.path().filename().string();
    if (absl::StrContains(mapping, absl::StrCat("\"", name, "\"")) ||
        absl::StrContains(mapping, absl::StrCat("'", name, "'"))) {
      names.push_back(name);
    }
  }
  if (error) return FileError(folder, absl::StrCat("expected a folder: ", error.message()));
  std::sort(names.begin(), names.end());
  return names;
}

absl::StatusOr<v1::Import> StartImport(const ImportInput& input, Session& session) {
  RETURN_IF_ERROR(CheckGiven(input));
  v1::StartImportRequest first;
  v1::ImportHeader* header = first.mutable_header();
  ASSIGN_OR_RETURN(*header->mutable_mapping(),
                   ReadTextFile(input.mapping_path, kDefinitionBytesMax));
  ASSIGN_OR_RETURN(const std::vector<std::string> names,
                   FilesNamedBy(header->mapping(), input.folder));
  if (names.empty()) {  // The server tells whether the mapping or the folder is at fault.
    session.printer().Note(
        absl::StrCat("warning: ", input.folder, " holds none of the files that the mapping names"));
  }
  header->set_dry_run(input.dry_run);
  if (input.undated_at.has_time()) *header->mutable_undated_at() = input.undated_at.time();
  if (input.undated_at.has_date()) header->set_undated_date(FormatDate(input.undated_at.date()));

  grpc::ClientContext context;
  session.client().Prepare(context, /*stream=*/true);
  const auto stub = session.client().Stub<v1::ImportService>();
  v1::StartImportResponse reply;
  const auto writer = stub->StartImport(&context, &reply);
  writer->Write(first);
  for (const std::string& name : names) {
    if (absl::Status sent = SendFile(input.folder, name, *writer); !sent.ok()) {
      context.TryCancel();
      writer->Finish();
      return sent;
    }
  }
  writer->WritesDone();
  const absl::Status status = FromGrpc(writer->Finish());
  if (!status.ok()) return Attach(status, session);
  return std::move(*reply.mutable_import());
}

}  // namespace dealog::cli
