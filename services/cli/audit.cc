// `dealog audit`: checkpoints and proofs of the tenant's log, for an auditor to keep.

#include <cstring>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "dealog/v1/history.grpc.pb.h"
#include "dealog/v1/log.grpc.pb.h"
#include "eventstore/base/error.h"
#include "eventstore/merkle/checkpoint.h"
#include "eventstore/merkle/proof_text.h"
#include "services/cli/audit_check.h"
#include "services/cli/audit_finding.h"
#include "services/cli/event_file.h"
#include "services/cli/files.h"
#include "services/cli/groups.h"
#include "services/cli/stored_events.h"
#include "services/cli/text/format.h"
#include "services/cli/text/progress.h"
#include "services/cli/tile_export.h"

namespace dealog::cli {
namespace {

using Stub = v1::HistoryService::Stub;

CLI::Option* AddOut(CLI::App* command, std::string* path) {
  return AddText(command, "--out", "File to write (default: standard output)", path);
}

// Text that is kept as it is: to a file, or whole to stdout.
absl::Status Emit(const std::string& path, const std::string& text, Session& session) {
  if (path.empty()) {
    session.printer().out() << text;
    return absl::OkStatus();
  }
  RETURN_IF_ERROR(WriteTextFile(path, text));
  session.printer().Note(absl::StrCat("written: ", path));
  return absl::OkStatus();
}

struct CheckpointInput {
  v1::GetCheckpointRequest request;
  std::string out;
  std::string key;
};

absl::Status GetCheckpoint(const CheckpointInput& input, Session& session) {
  ASSIGN_OR_RETURN(const v1::GetCheckpointResponse reply,
                   session.client().Call(&Stub::GetCheckpoint, input.request));
  if (!input.key.empty()) {
    ASSIGN_OR_RETURN(const eventstore::VerifierKey key, ReadVerifierKey(input.key));
    RETURN_IF_ERROR(Finding(eventstore::OpenCheckpoint(reply.checkpoint(), {&key, 1})).status());
  }
  if (session.printer().json()) {
    session.printer().Json(reply);
    return absl::OkStatus();
  }
  return Emit(input.out, reply.checkpoint(), session);
}

void AddCheckpoint(const CommandTree& group) {
  auto input = std::make_shared<CheckpointInput>();
  CLI::App* command =
      group.Leaf("checkpoint", "Has the server sign the history as it is now",
                 "dealog --tenant acme audit checkpoint --key acme.vkey --out 2026-07.checkpoint",
                 [input](Session& session) { return GetCheckpoint(*input, session); });
  command->add_option_function<int64_t>(
      "--size", [input](int64_t size) { input->request.set_size(size); },
      "Events that it covers (default: all)");
  AddText(command, "--key", "The log's public key, or a file with it: refuse another signature",
          &input->key);
  AddOut(command, &input->out);
}

void AddKey(const CommandTree& group) {
  auto out = std::make_shared<std::string>();
  CLI::App* command = group.Leaf(
      "key", "The log's public key; compare it with its owner once, on another way",
      "dealog --tenant acme audit key --out acme.vkey", [out](Session& session) -> absl::Status {
        ASSIGN_OR_RETURN(const v1::GetCheckpointResponse reply,
                         session.client().Call(&Stub::GetCheckpoint, v1::GetCheckpointRequest()));
        return Emit(*out, reply.verifier_key() + "\n", session);
      });
  AddOut(command, out.get());
}

struct ProveInput {
  v1::GetInclusionProofRequest inclusion;
  v1::GetConsistencyProofRequest consistency;
  std::string since;
  std::string out;
};

template <typename ProofText, typename Reply>
absl::Status TakeHashes(const Reply& reply, ProofText& proof) {
  proof.checkpoint = reply.checkpoint();
  for (const std::string& hash : reply.hashes()) {
    eventstore::Digest digest;
    if (hash.size() != digest.size()) {
      return AuditFailure("the server's proof has a hash that is not of 32 bytes");
    }
    std::memcpy(digest.data(), hash.data(), digest.size());
    proof.hashes.push_back(digest);
  }
  return absl::OkStatus();
}

absl::Status ProveInclusion(const ProveInput& input, Session& session) {
  ASSIGN_OR_RETURN(const v1::GetInclusionProofResponse reply,
                   session.client().Call(&Stub::GetInclusionProof, input.inclusion));
  eventstore::InclusionProofText proof{
      .entry = reply.entry(), .leaf_index = static_cast<uint64_t>(input.inclusion.position() - 1)};
  RETURN_IF_ERROR(TakeHashes(reply, proof));
  if (session.printer().json()) {
    session.printer().Json(reply);
    return absl::OkStatus();
  }
  return Emit(input.out, proof.ToText(), session);
}

absl::Status ProveConsistency(ProveInput input, Session& session) {
  // A kept checkpoint's file, or its size.
  int64_t size = 0;
  if (!absl::SimpleAtoi(input.since, &size)) {
    ASSIGN_OR_RETURN(const std::string note, ReadTextFile(input.since, eventstore::kNoteBytesMax));
    const size_t text_end = note.rfind("\n\n");
    ASSIGN_OR_RETURN(const eventstore::Checkpoint kept,
                     eventstore::Checkpoint::Parse(note.substr(0, text_end + 1)));
    size = static_cast<int64_t>(kept.size);
  }
  input.consistency.set_old_size(size);
  ASSIGN_OR_RETURN(const v1::GetConsistencyProofResponse reply,
                   session.client().Call(&Stub::GetConsistencyProof, input.consistency));
  eventstore::ConsistencyProofText proof{.old_size = static_cast<uint64_t>(size)};
  RETURN_IF_ERROR(TakeHashes(reply, proof));
  if (session.printer().json()) {
    session.printer().Json(reply);
    return absl::OkStatus();
  }
  return Emit(input.out, proof.ToText(), session);
}

void AddProve(const CommandTree& group) {
  auto input = std::make_shared<ProveInput>();
  CLI::App* command = group.Leaf(
      "prove", "Proves that an event is in the history, or that the history continues an older one",
      "dealog --tenant acme audit prove 1042 --out 1042.tlog-proof",
      [input](Session& session) -> absl::Status {
        if ((input->inclusion.position() == 0) == input->since.empty()) {
          return base::InvalidField("position", "expected either a position or --since");
        }
        return input->since.empty() ? ProveInclusion(*input, session)
                                    : ProveConsistency(*input, session);
      });
  command->add_option_function<int64_t>(
      "position", [input](int64_t position) { input->inclusion.set_position(position); },
      "Position of the event in the tenant's log");
  AddText(command, "--since", "Kept checkpoint (file) or its size: prove that it is continued",
          &input->since);
  command->add_option_function<int64_t>(
      "--size",
      [input](int64_t size) {
        input->inclusion.set_size(size);
        input->consistency.set_new_size(size);
      },
      "Size of the tree that the proof leads to (default: the newest)");
  AddOut(command, &input->out);
}

struct ExportInput {
  std::string path;
  bool tiles = false;
};

// Reads so many events of the log, with progress.
absl::Status ReadEvents(Session& session, uint64_t count,
                        absl::FunctionRef<absl::Status(const v1::StoredEvent&)> event) {
  ProgressBar bar(session.printer().err(), session.globals().progress, "events");
  return ReadStoredEvents(session.client(), count, event, [&](uint64_t events) {
    bar.Update(static_cast<int64_t>(events), static_cast<int64_t>(count));
  });
}

// As many events as there are; also of a log that its server refuses to sign.
absl::Status ExportEvents(const std::string& path, Session& session) {
  ASSIGN_OR_RETURN(const v1::GetHeadResponse head,
                   session.client().Call(&v1::LogService::Stub::GetHead, v1::GetHeadRequest()));
  ASSIGN_OR_RETURN(const auto file, EventFileWriter::Create(path));
  RETURN_IF_ERROR(ReadEvents(session, static_cast<uint64_t>(head.position()),
                             [&](const v1::StoredEvent& event) { return file->Add(event); }));
  RETURN_IF_ERROR(file->Finish());
  session.printer().Note(
      absl::StrCat("written: ", path, ", ", FormatCount(head.position()), " events"));
  return absl::OkStatus();
}

absl::Status ExportTiles(const std::string& folder, Session& session) {
  ASSIGN_OR_RETURN(const v1::GetCheckpointResponse reply,
                   session.client().Call(&Stub::GetCheckpoint, v1::GetCheckpointRequest()));
  ASSIGN_OR_RETURN(const eventstore::VerifierKey key,
                   eventstore::VerifierKey::Parse(reply.verifier_key()));
  ASSIGN_OR_RETURN(const eventstore::Checkpoint checkpoint,
                   Finding(eventstore::OpenCheckpoint(reply.checkpoint(), {&key, 1})));
  TileExport tiles(folder);
  RETURN_IF_ERROR(ReadEvents(session, checkpoint.size,
                             [&](const v1::StoredEvent& event) { return tiles.Add(event); }));
  RETURN_IF_ERROR(tiles.Finish(checkpoint, reply.checkpoint()));
  session.printer().Note(
      absl::StrCat("written: ", folder, ", ", FormatCount(reply.size()), " events"));
  return absl::OkStatus();
}

absl::Status Export(const ExportInput& input, Session& session) {
  return input.tiles ? ExportTiles(input.path, session) : ExportEvents(input.path, session);
}

void AddExport(const CommandTree& group) {
  auto input = std::make_shared<ExportInput>();
  CLI::App* command =
      group.Leaf("export", "Writes every event as it is stored, for `audit verify --events`",
                 "dealog --tenant acme audit export acme.events",
                 [input](Session& session) { return Export(*input, session); });
  AddText(command, "path", "File to write; with --tiles a folder", &input->path);
  command->add_flag("--tiles", input->tiles,
                    "A static log after c2sp.org/tlog-tiles instead, for other verifiers");
}

}  // namespace

void AddAuditCommands(const CommandTree& root) {
  const CommandTree group = root.Group(
      "audit", "Proofs that the history is unchanged: for who does not trust the server");
  AddKey(group);
  AddCheckpoint(group);
  AddProve(group);
  AddExport(group);
  AddAuditVerifyCommand(group);
}

}  // namespace dealog::cli
