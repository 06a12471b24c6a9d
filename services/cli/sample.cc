// `dealog sample`: fills a tenant with a believable year, through the RPCs themselves.

#include <nlohmann/json.hpp>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/civil_time.h"
#include "absl/time/time.h"
#include "dealog/v1/tenants.grpc.pb.h"
#include "eventstore/base/clock.h"
#include "services/cli/chain_runner.h"
#include "services/cli/groups.h"
#include "services/cli/limits.h"
#include "services/cli/sample/directory.h"
#include "services/cli/sample/plan.h"
#include "services/cli/text/format.h"
#include "services/cli/text/parse.h"
#include "services/cli/text/progress.h"

namespace dealog::cli {
namespace {

struct SampleInput {
  SampleOptions options;
  // Calls in flight.
  int in_flight = kSampleInFlightDefault;
};

int64_t LastMidnightMicros() {
  const int64_t now_us = base::SystemClock().NowMicros();
  return now_us - now_us % kDayMicros;
}

absl::Status ReadUntil(const std::string& text, int64_t& until_us) {
  ASSIGN_OR_RETURN(const events::v1::Date date, ParseDate(text));
  until_us = absl::ToUnixMicros(
      absl::FromCivil(absl::CivilDay(date.year(), date.month(), date.day()), absl::UTCTimeZone()));
  return absl::OkStatus();
}

absl::StatusOr<std::string> TenantCurrency(Session& session) {
  v1::GetTenantRequest request;
  request.set_name(session.globals().tenant);
  ASSIGN_OR_RETURN(const v1::GetTenantResponse reply,
                   session.client().Call(&v1::TenantService::Stub::GetTenant, request));
  return reply.tenant().currency_code();
}

void Report(const SampleInput& input, const ChainReport& report, double seconds, Printer& printer) {
  const int64_t calls = report.written + report.repeated;
  const auto rate = static_cast<int64_t>(static_cast<double>(calls) / seconds);
  if (printer.json()) {
    nlohmann::ordered_json json;
    json["deals"] = absl::StrCat(input.options.deals);
    json["seed"] = absl::StrCat(input.options.seed);
    json["until"] =
        absl::FormatTime(absl::FromUnixMicros(input.options.until_us), absl::UTCTimeZone());
    json["pipelines"] = {kSalesPipeline, kClubPipeline};
    json["callsWritten"] = absl::StrCat(report.written);
    json["callsRepeated"] = absl::StrCat(report.repeated);
    json["elapsedSeconds"] = seconds;
    printer.out() << json.dump(1) << '\n';
    return;
  }
  printer.Line(absl::StrCat(FormatCount(input.options.deals), " deals in the pipelines \"",
                            kSalesPipeline, "\" and \"", kClubPipeline, "\""));
  printer.Line(
      absl::StrFormat("%s calls in %.1f s (%s/s)", FormatCount(calls), seconds, FormatCount(rate)));
  if (report.repeated > 0) {
    printer.Line(absl::StrCat(FormatCount(report.repeated),
                              " of them were there already and wrote nothing"));
  }
  printer.Line(absl::StrCat("next: dealog board --pipeline ", kSalesPipeline,
                            "; dealog kpi conversion --pipeline ", kSalesPipeline,
                            " --group-by owner"));
}

absl::Status Send(SampleInput input, Session& session) {
  const int64_t now_us = base::SystemClock().NowMicros();
  if (input.options.until_us == 0) input.options.until_us = LastMidnightMicros();
  RETURN_IF_ERROR(CheckSampleOptions(input.options, now_us));
  ASSIGN_OR_RETURN(input.options.currency_code, TenantCurrency(session));
  const SamplePlan plan(input.options);
  ProgressBar bar(session.printer().err(), session.globals().progress, "deals");
  ChainRunner runner(session.client(), input.in_flight);
  int64_t done_before = 0;
  for (int phase = 0; phase < SamplePlan::kPhases; ++phase) {
    const bool deals = phase == SamplePlan::kDeals;
    RETURN_IF_ERROR(runner.Run(
        plan.ChainCount(phase), [&](int64_t index) { return plan.Chain(phase, index); },
        [&](const ChainReport& report) {
          bar.Update(deals ? report.chains_done - done_before : 0, input.options.deals);
        }));
    done_before = runner.report().chains_done;
  }
  Report(input, runner.report(), bar.elapsed_seconds(), session.printer());
  return absl::OkStatus();
}

}  // namespace

void AddSampleCommand(const CommandTree& root) {
  auto input = std::make_shared<SampleInput>();
  CLI::App* command = root.Leaf("sample", "Fills the tenant with a believable year of deals",
                                "dealog sample --deals 2000 --seed 7 --tenant acme",
                                [input](Session& session) { return Send(*input, session); });
  command->add_option("--deals", input->options.deals, "How many, 100 to 1,000,000")->required();
  command
      ->add_option("--seed", input->options.seed,
                   "The same seed and number make the same deals; running it again adds none")
      ->required();
  AddReader(command, "--until", "Last day of the year that is told (default: today, UTC)",
            [input](const std::string& text) { return ReadUntil(text, input->options.until_us); });
  command->add_option("--in-flight", input->in_flight, "Calls at once (default 256)")
      ->check(CLI::Range(1, kSampleInFlightMax));
}

}  // namespace dealog::cli
