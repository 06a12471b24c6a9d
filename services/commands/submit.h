#pragma once

// Convenience over the sequencer: commands from lambdas, a blocking call, and the router over the
// partitions' sequencers.
//
//   ASSIGN_OR_RETURN(CommandResult done, Execute(sequencers, context,
//       [&](const domain::CommandMeta& meta, domain::StateReader& states) {
//         return domain::Decide(request, meta, states);
//       }));

#include <functional>
#include <memory>
#include <vector>

#include "absl/status/statusor.h"
#include "eventstore/base/secret.h"
#include "services/commands/limits.h"
#include "services/commands/sequencer.h"

namespace dealog::commands {

using DecideFunction = std::function<absl::StatusOr<domain::Decision>(const domain::CommandMeta&,
                                                                      domain::StateReader&)>;
using DescribeFunction = std::function<void(const domain::AggregateState&)>;
using DoneFunction = std::function<void(absl::StatusOr<CommandResult>)>;

// A command made of functions; `describe` and `done` may be empty.
class LambdaCommand final : public PendingCommand {
 public:
  LambdaCommand(CommandContext context, DecideFunction decide, DescribeFunction describe = {},
                DoneFunction done = {}, size_t request_bytes = 0)
      : context_(std::move(context)),
        decide_(std::move(decide)),
        describe_(std::move(describe)),
        done_(std::move(done)),
        bytes_(request_bytes + kCommandOverheadBytes) {}

  const CommandContext& context() const override { return context_; }
  size_t ApproximateBytes() const override { return bytes_; }
  absl::StatusOr<domain::Decision> Decide(const domain::CommandMeta& meta,
                                          domain::StateReader& states) override {
    return decide_(meta, states);
  }
  void Describe(const domain::AggregateState& subject) override {
    if (describe_) describe_(subject);
  }
  void Done(absl::StatusOr<CommandResult> result) override {
    if (done_) done_(std::move(result));
  }

 private:
  const CommandContext context_;
  const DecideFunction decide_;
  const DescribeFunction describe_;
  const DoneFunction done_;
  const size_t bytes_;
};

// One sequencer per partition of the log, and the way from a tenant to its own.
// Thread safety: yes. Ownership: `log`, `clock` and what the options refer to
// must outlive it.
class Sequencers {
 public:
  // The options' memory budgets are shared out among the partitions.
  Sequencers(eventstore::EventLog& log, const base::Clock& clock, SequencerOptions options);

  Sequencer& Of(const eventstore::TenantId& tenant);
  Sequencer& at(eventstore::PartitionId partition) { return *sequencers_[partition.value]; }
  void Submit(std::unique_ptr<PendingCommand> command);
  void Prefetch(const eventstore::TenantId& tenant, const domain::StreamRef& stream);
  // A tenant's current states as the log has them, for reads; see MakeLogStateReader.
  std::unique_ptr<domain::StateReader> States(const eventstore::TenantId& tenant) const;
  // Drains every partition; see Sequencer::Drain.
  void Drain();
  // Sums over the partitions.
  SequencerStats stats() const;

 private:
  eventstore::EventLog& log_;
  const base::Secret& unique_key_secret_;
  std::vector<std::unique_ptr<Sequencer>> sequencers_;
};

// Submits and waits. Must not be called on a sequencer's thread (from Decide, Describe or Done).
absl::StatusOr<CommandResult> Execute(Sequencer& sequencer, CommandContext context,
                                      DecideFunction decide, DescribeFunction describe = {});
absl::StatusOr<CommandResult> Execute(Sequencers& sequencers, CommandContext context,
                                      DecideFunction decide, DescribeFunction describe = {});

// The tenant's last position recorded by `time_us`, an instant that is not in the future: the same
// whenever it is asked again. Answered from the log where a commit has passed that time, else it
// waits for the sequencer: like Execute, not on its thread.
absl::StatusOr<eventstore::Position> PositionAt(const eventstore::EventLog& log,
                                                Sequencers& sequencers,
                                                const eventstore::TenantId& tenant,
                                                int64_t time_us);

}  // namespace dealog::commands
