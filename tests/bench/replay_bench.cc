// Reading a whole log: through gRPC in stored form, by a client that parses what it gets and by one
// that does not, against a bare RocksDB scan of the same rows. Rounds alternate; medians, with the
// least and the most in brackets. A folder that is there is used again.
//   bench_replay FOLDER [--events N] [--rounds N]
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/generic/generic_stub.h>
#include <rocksdb/db.h>
#include <rocksdb/table.h>

#include "dealog/v1/log.grpc.pb.h"
#include "eventstore/base/clock.h"
#include "tests/bench/probe.h"
#include "tests/bench/series.h"

namespace dealog::bench {
namespace {

constexpr double kScanRatioMin = 0.35;
constexpr char kCommitsFamily[] = "commits";

double PerSecond(int64_t events, int64_t begin_us) {
  return static_cast<double>(events) * 1e6 /
         static_cast<double>(base::MonotonicMicros() - begin_us);
}

v1::ReadLogRequest Everything() {
  v1::ReadLogRequest request;
  request.set_payload_form(v1::PAYLOAD_FORM_STORED);
  return request;
}

double ReadParsed(Probe& probe, int64_t events) {
  grpc::ClientContext context;
  Prepare(context, kProbeTenant);
  const int64_t begin_us = base::MonotonicMicros();
  const auto reader = probe.log().ReadLog(&context, Everything());
  int64_t found = 0;
  for (v1::ReadLogResponse response; reader->Read(&response);) {
    found += response.stored_events_size();
  }
  Must(reader->Finish(), "ReadLog");
  if (found != events) std::abort();
  return PerSecond(events, begin_us);
}

// The messages' bytes arrive and are dropped, as COPY's do.
double ReadUnparsed(Probe& probe, int64_t events) {
  grpc::ClientContext context;
  Prepare(context, kProbeTenant);
  grpc::ByteBuffer request, response;
  bool own = false;
  const grpc::Status made = grpc::GenericSerialize<grpc::ProtoBufferWriter, v1::ReadLogRequest>(
      Everything(), &request, &own);
  Must(made, "serialise");
  grpc::GenericStub stub(probe.channel());
  grpc::CompletionQueue queue;
  void* tag = nullptr;
  bool ok = false;
  const int64_t begin_us = base::MonotonicMicros();
  const auto call = stub.PrepareCall(&context, "/dealog.v1.LogService/ReadLog", &queue);
  const auto await = [&] {
    if (!queue.Next(&tag, &ok)) std::abort();
    return ok;
  };
  call->StartCall(nullptr);
  await();
  call->WriteLast(request, grpc::WriteOptions(), nullptr);
  await();
  do {
    call->Read(&response, nullptr);
  } while (await());
  grpc::Status status;
  call->Finish(&status, nullptr);
  await();
  Must(status, "ReadLog");
  return PerSecond(events, begin_us);
}

// The rows of the log's commits, in their order, with RocksDB's own checksums on.
class Scan {
 public:
  explicit Scan(const std::string& path) {
    rocksdb::Options options;
    std::vector<std::string> names;
    Check(rocksdb::DB::ListColumnFamilies(options, path, &names));
    std::vector<rocksdb::ColumnFamilyDescriptor> families;
    for (const std::string& name : names) families.emplace_back(name, options);
    rocksdb::DB* db = nullptr;
    Check(rocksdb::DB::OpenForReadOnly(options, path, families, &handles_, &db));
    db_.reset(db);
    for (auto* handle : handles_) {
      if (handle->GetName() == kCommitsFamily) commits_ = handle;
    }
    if (commits_ == nullptr) std::abort();
  }
  ~Scan() {
    for (auto* handle : handles_) Check(db_->DestroyColumnFamilyHandle(handle));
  }

  double Run(int64_t events) {
    rocksdb::ReadOptions options;
    options.readahead_size = 2 << 20;
    options.fill_cache = false;
    const int64_t begin_us = base::MonotonicMicros();
    const std::unique_ptr<rocksdb::Iterator> rows(db_->NewIterator(options, commits_));
    rows_ = bytes_ = 0;
    for (rows->SeekToFirst(); rows->Valid(); rows->Next()) {
      ++rows_;
      bytes_ += static_cast<int64_t>(rows->key().size() + rows->value().size());
    }
    Check(rows->status());
    return PerSecond(events, begin_us);
  }
  int64_t rows() const { return rows_; }
  int64_t bytes() const { return bytes_; }

 private:
  static void Check(const rocksdb::Status& status) {
    if (status.ok()) return;
    std::fprintf(stderr, "%s\n", status.ToString().c_str());
    std::exit(1);
  }

  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> handles_;
  rocksdb::ColumnFamilyHandle* commits_ = nullptr;
  int64_t rows_ = 0;
  int64_t bytes_ = 0;
};

int Main(const std::string& folder, int64_t events, int rounds) {
  Probe(folder).FillTo(events);
  Probe probe(folder);
  probe.AwaitFollowers();
  const int64_t head = probe.Head();
  Scan scan(folder + "/log");
  std::vector<double> scanned, unparsed, parsed, unparsed_ratio, parsed_ratio;
  scan.Run(head);  // Warms the page cache.
  for (int round = 0; round < rounds; ++round) {
    scanned.push_back(scan.Run(head));
    unparsed.push_back(ReadUnparsed(probe, head));
    parsed.push_back(ReadParsed(probe, head));
    unparsed_ratio.push_back(unparsed.back() / scanned.back());
    parsed_ratio.push_back(parsed.back() / scanned.back());
  }
  std::printf("%lld events in %lld rows of %.0f bytes\n", static_cast<long long>(head),
              static_cast<long long>(scan.rows()),
              static_cast<double>(scan.bytes()) / static_cast<double>(scan.rows()));
  std::printf("bare RocksDB scan     %s events/s\n", Spread(scanned).c_str());
  std::printf("gRPC, not parsed      %s events/s\n", Spread(unparsed).c_str());
  std::printf("gRPC, parsed          %s events/s\n", Spread(parsed).c_str());
  std::printf("gRPC / scan: %s not parsed (aim %.2f), %s parsed\n",
              Spread(unparsed_ratio, 2).c_str(), kScanRatioMin, Spread(parsed_ratio, 2).c_str());
  return 0;
}

}  // namespace
}  // namespace dealog::bench

int main(int argc, char** argv) {
  int64_t events = 1'000'000;
  int rounds = 3;
  bool valid = argc >= 2 && argc % 2 == 0;
  for (int i = 2; valid && i < argc; i += 2) {
    if (std::strcmp(argv[i], "--events") == 0) {
      events = std::atoll(argv[i + 1]);
    } else if (std::strcmp(argv[i], "--rounds") == 0) {
      rounds = std::atoi(argv[i + 1]);
    } else {
      valid = false;
    }
  }
  if (!valid) {
    std::fprintf(stderr, "usage: bench_replay FOLDER [--events N] [--rounds N]\n");
    return 2;
  }
  return dealog::bench::Main(argv[1], events, rounds);
}
