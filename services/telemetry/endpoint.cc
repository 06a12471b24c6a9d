#include "services/telemetry/endpoint.h"

#include <prometheus/collectable.h>
#include <prometheus/exposer.h>
#include <prometheus/metric_family.h>

#include <exception>

#include "absl/strings/str_cat.h"
#include "eventstore/base/mutex.h"

namespace dealog::telemetry {
namespace {

// Scrapes at the same time: a scraper and a person with curl. The library wants two at least.
constexpr size_t kThreads = 2;

class Scrape final : public prometheus::Collectable {
 public:
  explicit Scrape(std::function<void(MetricFamilies&)> collect) : collect_(std::move(collect)) {}
  std::vector<prometheus::MetricFamily> Collect() const override {
    base::MutexLock lock(mu_);
    MetricFamilies families;
    collect_(families);
    return families.Take();
  }

 private:
  mutable base::Mutex mu_;
  const std::function<void(MetricFamilies&)> collect_;
};

class ExposerEndpoint final : public MetricsEndpoint {
 public:
  // Throws what the library throws.
  ExposerEndpoint(const std::string& host, uint16_t port,
                  std::function<void(MetricFamilies&)> collect)
      : scrape_(std::make_shared<Scrape>(std::move(collect))),
        exposer_(absl::StrCat(host, ":", port), kThreads),
        address_(absl::StrCat(host, ":", exposer_.GetListeningPorts().at(0))) {
    exposer_.RegisterCollectable(scrape_);
  }
  const std::string& address() const override { return address_; }

 private:
  const std::shared_ptr<Scrape> scrape_;
  prometheus::Exposer exposer_;
  const std::string address_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<MetricsEndpoint>> ServeMetrics(
    const std::string& host, uint16_t port, std::function<void(MetricFamilies&)> collect) {
  // The one place that meets a library which throws.
  try {
    return std::make_unique<ExposerEndpoint>(host, port, std::move(collect));
  } catch (const std::exception& error) {
    return absl::UnavailableError(
        absl::StrCat("can't serve metrics on ", host, ":", port,
                     ": expected a free port, found one in use or an address that is not this "
                     "machine's (",
                     error.what(), "); choose another --admin-listen"));
  }
}

}  // namespace dealog::telemetry
