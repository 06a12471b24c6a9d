#pragma once

// Folds events, each given as text, into a state: the n-th is revision n, a minute after the one
// before unless it is back-dated.

#include <google/protobuf/text_format.h>

#include <string>
#include <string_view>

#include "eventstore/base/check.h"
#include "projections/states/aggregate.h"

namespace dealog::states {

inline int64_t Minute(int minute) {
  return (int64_t{1'700'000'000} + int64_t{minute} * 60) * 1'000'000;
}

inline void Fold(AggregateState& state, const std::string& text, int occurred_minute = -1) {
  events::v1::Event event;
  DEALOG_CHECK(google::protobuf::TextFormat::ParseFromString(text, &event)) << text;
  EventMeta meta;
  meta.revision = state.revision + 1;
  meta.position = state.revision + 1;
  meta.recorded_at_us = Minute(static_cast<int>(state.revision));
  meta.occurred_at_us = occurred_minute < 0 ? meta.recorded_at_us : Minute(occurred_minute);
  meta.principal = "user:ada";
  state.Apply(event, meta);
}

}  // namespace dealog::states
