#include "services/rpc/method.h"

#include "absl/strings/str_cat.h"
#include "dealog/options/v1/options.pb.h"
#include "dealog/v1/activities.pb.h"
#include "dealog/v1/admin.pb.h"
#include "dealog/v1/backup.pb.h"
#include "dealog/v1/board.pb.h"
#include "dealog/v1/catalog.pb.h"
#include "dealog/v1/contacts.pb.h"
#include "dealog/v1/deals.pb.h"
#include "dealog/v1/groups.pb.h"
#include "dealog/v1/history.pb.h"
#include "dealog/v1/imports.pb.h"
#include "dealog/v1/kpi.pb.h"
#include "dealog/v1/log.pb.h"
#include "dealog/v1/organizations.pb.h"
#include "dealog/v1/pipelines.pb.h"
#include "dealog/v1/tenants.pb.h"
#include "dealog/v1/workflows.pb.h"

namespace dealog::rpc {
namespace {

// These look at the server, not at one tenant.
bool NeedsTenant(const google::protobuf::ServiceDescriptor& service) {
  return service.full_name() != "dealog.v1.TenantService" &&
         service.full_name() != "dealog.v1.AdminService" &&
         service.full_name() != "dealog.v1.BackupService";
}

}  // namespace

Method DescribeMethod(const google::protobuf::MethodDescriptor& method) {
  return {.path = absl::StrCat("/", method.service()->full_name(), "/", method.name()),
          .permission = method.options().GetExtension(options::v1::permission),
          .needs_tenant = NeedsTenant(*method.service())};
}

std::vector<const google::protobuf::ServiceDescriptor*> AllServices() {
  std::vector<const google::protobuf::ServiceDescriptor*> services;
  for (const google::protobuf::Descriptor* anchor :
       {v1::Activity::descriptor(), v1::Projection::descriptor(), v1::Backup::descriptor(),
        v1::BoardColumn::descriptor(), v1::Member::descriptor(), v1::ConsumerGroup::descriptor(),
        v1::Contact::descriptor(), v1::Deal::descriptor(), v1::HistoryEntry::descriptor(),
        v1::Import::descriptor(), v1::KpiResult::descriptor(), v1::StoredEvent::descriptor(),
        v1::Organization::descriptor(), v1::Pipeline::descriptor(), v1::Tenant::descriptor(),
        v1::Workflow::descriptor()}) {
    for (int i = 0; i < anchor->file()->service_count(); ++i) {
      services.push_back(anchor->file()->service(i));
    }
  }
  return services;
}

}  // namespace dealog::rpc
