// Rows of consumer groups, the head witness, the message types that a service registers.

#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "absl/strings/str_cat.h"
#include "dealog/storage/v1/groups.pb.h"
#include "eventstore/base/check.h"
#include "eventstore/base/message_types.h"
#include "eventstore/rocksdb/witness_file.h"
#include "services/groups/group_rows.h"
#include "tests/fuzz/targets.h"
#include "tests/support/billing_types.h"

namespace dealog::fuzz {
namespace {

template <typename Record>
void RunRecord(std::string_view input) {
  const auto record = groups::ParseRecord<Record>(input);
  DEALOG_CHECK(record.ok() || absl::IsDataLoss(record.status())) << record.status();
}

void RunGroupRow(std::string_view input) {
  if (const auto group = groups::ParseGroupKey(input); group.ok()) {
    DEALOG_CHECK(groups::GroupKey(*group) == input);
  }
  if (const auto position = groups::ParsePosition(input); position.ok()) {
    const std::string prefix(input.substr(0, input.size() - sizeof(uint64_t)));
    DEALOG_CHECK(groups::PositionKey(prefix, *position) == input);
  }
  RunRecord<storage::v1::GroupRecord>(input);
  RunRecord<storage::v1::GroupCheckpoint>(input);
  RunRecord<storage::v1::DeliveryRecord>(input);
  RunRecord<storage::v1::ParkedRecord>(input);
}

std::vector<std::string> GroupRowSeeds() {
  const groups::GroupName group{{"acme"}, "mailer"};
  groups::Parked parked;
  return {groups::GroupKey(group),
          groups::PositionKey(groups::ParkedPrefix(group), eventstore::Position{7}),
          groups::ToRecord(parked).SerializeAsString(),
          groups::ToRecord(groups::GroupSettings{}, 7, 1).SerializeAsString()};
}

// A file of this process, in memory where the machine has such a folder.
std::string ScratchFile() {
  const char* const folder = std::filesystem::exists("/dev/shm") ? "/dev/shm" : "/tmp";
  return absl::StrCat(folder, "/dealog-fuzz-", getpid());
}

void RunWitness(std::string_view input) {
  static const std::string& path = *new std::string(ScratchFile());
  std::ofstream(path, std::ios::binary | std::ios::trunc) << input;
  const auto file = eventstore::WitnessFile::Open(path);
  if (file.ok() && (*file)->found()) {
    // What it says can be written and is then found again.
    const eventstore::PartitionHeads heads = *(*file)->found();
    DEALOG_CHECK_OK((*file)->Write(heads));
    const auto again = eventstore::WitnessFile::Open(path);
    DEALOG_CHECK_OK(again);
    DEALOG_CHECK((*again)->found() && (*again)->found()->size() == heads.size());
  }
  std::filesystem::remove(path);
}

std::vector<std::string> WitnessSeeds() {
  const std::string path = ScratchFile();
  std::vector<std::string> seeds;
  std::filesystem::remove(path);
  auto file = eventstore::WitnessFile::Open(path);
  DEALOG_CHECK_OK(file);
  for (uint64_t number = 1; number < 4; ++number) {
    DEALOG_CHECK_OK((*file)->Write({{eventstore::BatchNumber{number}, std::string(32, 'd'), 1}}));
    std::ifstream in(path, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  std::filesystem::remove(path);
  return seeds;
}

// Two bytes say how long the descriptors are; a message of theirs follows.
void RunMessageTypes(std::string_view input) {
  if (input.size() < 2) return;
  const size_t length =
      static_cast<unsigned char>(input[0]) * 256u + static_cast<unsigned char>(input[1]);
  const std::string_view descriptors = input.substr(2, length);
  const std::string_view message = input.substr(2 + descriptors.size());
  constexpr char kSent[] = "billing.v1.InvoiceSent";
  const auto types = base::MessageTypes::Build(descriptors);
  if (!types.ok()) {
    DEALOG_CHECK(absl::IsInvalidArgument(types.status())) << types.status();
    return;
  }
  if (!(*types)->Has(kSent)) return;
  (*types)->HasText(kSent, "number");
  (*types)->Text(kSent, "number", message);
  (void)(*types)->FromJson(kSent, message);
  if (!(*types)->Check(kSent, message).ok()) return;
  const auto json = (*types)->ToJson(kSent, message);
  DEALOG_CHECK(json.ok() || absl::IsInvalidArgument(json.status())) << json.status();
}

std::vector<std::string> MessageTypesSeeds() {
  const std::string descriptors = BillingDescriptorSet();
  const std::string length = {static_cast<char>(descriptors.size() / 256),
                              static_cast<char>(descriptors.size() % 256)};
  return {length + descriptors + InvoiceSentBytes("A-1"),
          length + descriptors + "{\"number\":\"A-1\",\"amount_minor\":\"3\"}"};
}

}  // namespace

std::vector<Target> OtherTargets() {
  return {{"group_row", &RunGroupRow, &GroupRowSeeds},
          {"witness", &RunWitness, &WitnessSeeds},
          {"message_types", &RunMessageTypes, &MessageTypesSeeds}};
}

}  // namespace dealog::fuzz
