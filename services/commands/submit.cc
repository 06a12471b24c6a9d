#include "services/commands/submit.h"

#include <algorithm>
#include <utility>

#include "eventstore/base/one_shot.h"
#include "eventstore/base/status.h"
#include "services/commands/state_loader.h"

namespace dealog::commands {

Sequencers::Sequencers(eventstore::EventLog& log, const base::Clock& clock,
                       SequencerOptions options)
    : log_(log), unique_key_secret_(options.unique_key_secret) {
  const uint32_t count = std::max<uint32_t>(1, log.partition_count());
  options.queue_bytes_max /= count;
  options.state_cache_bytes_max /= count;
  for (uint32_t i = 0; i < count; ++i) {
    sequencers_.push_back(MakeSequencer(log, eventstore::PartitionId{i}, clock, options));
  }
}

Sequencer& Sequencers::Of(const eventstore::TenantId& tenant) {
  return at(log_.PartitionOf(tenant));
}

void Sequencers::Submit(std::unique_ptr<PendingCommand> command) {
  Sequencer& sequencer = Of(command->context().tenant);
  sequencer.Submit(std::move(command));
}

void Sequencers::Prefetch(const eventstore::TenantId& tenant, const domain::StreamRef& stream) {
  Of(tenant).Prefetch(tenant, stream);
}

std::unique_ptr<domain::StateReader> Sequencers::States(const eventstore::TenantId& tenant) const {
  return MakeLogStateReader(log_, tenant, unique_key_secret_);
}

void Sequencers::Drain() {
  for (const auto& sequencer : sequencers_) sequencer->Drain();
}

SequencerStats Sequencers::stats() const {
  SequencerStats sum;
  for (const auto& sequencer : sequencers_) {
    const SequencerStats one = sequencer->stats();
    sum.queue_bytes += one.queue_bytes;
    sum.queue_commands += one.queue_commands;
    sum.queue_bytes_max += one.queue_bytes_max;
    sum.expected_wait = std::max(sum.expected_wait, one.expected_wait);
    for (size_t i = 0; i < kShedKinds; ++i) sum.shed[i] += one.shed[i];
    for (const auto& [reason, count] : one.refusals_by_reason) {
      sum.refusals_by_reason[reason] += count;
    }
    sum.commands += one.commands;
    sum.refusals += one.refusals;
    sum.replays += one.replays;
    sum.batches += one.batches;
    sum.events += one.events;
    sum.cache_hits += one.cache_hits;
    sum.cache_misses += one.cache_misses;
  }
  return sum;
}

absl::StatusOr<CommandResult> Execute(Sequencer& sequencer, CommandContext context,
                                      DecideFunction decide, DescribeFunction describe) {
  base::OneShot<absl::StatusOr<CommandResult>> done;
  sequencer.Submit(std::make_unique<LambdaCommand>(
      std::move(context), std::move(decide), std::move(describe),
      [&done](absl::StatusOr<CommandResult> result) { done.Set(std::move(result)); }));
  return done.Wait();
}

absl::StatusOr<CommandResult> Execute(Sequencers& sequencers, CommandContext context,
                                      DecideFunction decide, DescribeFunction describe) {
  Sequencer& sequencer = sequencers.Of(context.tenant);
  return Execute(sequencer, std::move(context), std::move(decide), std::move(describe));
}

absl::StatusOr<eventstore::Position> PositionAt(const eventstore::EventLog& log,
                                                Sequencers& sequencers,
                                                const eventstore::TenantId& tenant,
                                                int64_t time_us) {
  ASSIGN_OR_RETURN(const eventstore::TenantHead head, log.Head(tenant));
  if (time_us <= head.recorded_at_us) return log.PositionAt(tenant, time_us);
  base::OneShot<absl::StatusOr<eventstore::Position>> done;
  sequencers.Of(tenant).AskPositionAt(
      tenant, time_us,
      [&done](absl::StatusOr<eventstore::Position> position) { done.Set(std::move(position)); });
  return done.Wait();
}

}  // namespace dealog::commands
