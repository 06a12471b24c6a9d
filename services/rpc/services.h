#pragma once

// Every service of the API, one file each. To add one: its file, its line here and in services.cc.

#include <memory>
#include <vector>

#include "services/rpc/core.h"

namespace grpc {
class Service;
}

namespace dealog::rpc {

std::unique_ptr<grpc::Service> MakeActivityService(const Core& core);
std::unique_ptr<grpc::Service> MakeAdminService(const Core& core);
std::unique_ptr<grpc::Service> MakeBackupService(const Core& core);
std::unique_ptr<grpc::Service> MakeBoardService(const Core& core);
std::unique_ptr<grpc::Service> MakeCatalogService(const Core& core);
std::unique_ptr<grpc::Service> MakeConsumerGroupService(const Core& core);
std::unique_ptr<grpc::Service> MakeContactService(const Core& core);
std::unique_ptr<grpc::Service> MakeDealService(const Core& core);
std::unique_ptr<grpc::Service> MakeHistoryService(const Core& core);
std::unique_ptr<grpc::Service> MakeImportService(const Core& core);
std::unique_ptr<grpc::Service> MakeKpiService(const Core& core);
std::unique_ptr<grpc::Service> MakeLogService(const Core& core);
std::unique_ptr<grpc::Service> MakeOrganizationService(const Core& core);
std::unique_ptr<grpc::Service> MakePipelineService(const Core& core);
std::unique_ptr<grpc::Service> MakeTenantService(const Core& core);
std::unique_ptr<grpc::Service> MakeWorkflowService(const Core& core);

// All of them. `core` must outlive them.
std::vector<std::unique_ptr<grpc::Service>> MakeServices(const Core& core);

}  // namespace dealog::rpc
