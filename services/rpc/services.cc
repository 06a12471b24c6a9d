#include "services/rpc/services.h"

#include <grpcpp/impl/service_type.h>

namespace dealog::rpc {

std::vector<std::unique_ptr<grpc::Service>> MakeServices(const Core& core) {
  std::vector<std::unique_ptr<grpc::Service>> services;
  for (const auto make :
       {MakeActivityService, MakeAdminService, MakeBackupService, MakeBoardService,
        MakeCatalogService, MakeConsumerGroupService, MakeContactService, MakeDealService,
        MakeHistoryService, MakeImportService, MakeKpiService, MakeLogService,
        MakeOrganizationService, MakePipelineService, MakeTenantService, MakeWorkflowService}) {
    services.push_back(make(core));
  }
  return services;
}

}  // namespace dealog::rpc
