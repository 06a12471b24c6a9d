#include <grpcpp/impl/service_type.h>

#include "dealog/v1/imports.pb.h"
#include "eventstore/base/status.h"
#include "services/rpc/service.h"
#include "services/rpc/services.h"
#include "services/rpc/unary.h"
#include "services/rpc/upload.h"

namespace dealog::rpc {
namespace {

absl::StatusOr<v1::GetImportResponse> GetImport(const ReadCall& call,
                                                const v1::GetImportRequest& request) {
  v1::GetImportResponse response;
  ASSIGN_OR_RETURN(*response.mutable_import(),
                   call.core.imports.Get(call.call.tenant, request.import_id()));
  return response;
}

absl::StatusOr<v1::ListImportsResponse> ListImports(const ReadCall& call,
                                                    const projections::TenantViews& views,
                                                    const v1::ListImportsRequest& request) {
  return AnswerPage<v1::ListImportsResponse>(
      call, request,
      [&](const projections::PageRequest& page) { return projections::ListImports(views, page); },
      [](auto& response) { return response.mutable_imports(); });
}

// Neither a command of its own nor a read: the job ends by itself, then answers.
void CancelImport(const Core& core, const Method& method, const UnaryIo& io) {
  v1::CancelImportRequest request;
  const auto call = std::make_shared<UnaryCall>(core, method, io);
  if (const absl::Status admitted = call->Admit(request); !admitted.ok()) {
    call->Refuse(admitted);
    return;
  }
  core.imports.Cancel(call->call().tenant, call->call().principal, request.import_id(),
                      [call](absl::StatusOr<v1::Import> job) {
                        if (!job.ok()) {
                          call->Refuse(job.status());
                          return;
                        }
                        v1::CancelImportResponse response;
                        *response.mutable_import() = *std::move(job);
                        call->Reply(response);
                      });
}

}  // namespace

std::unique_ptr<grpc::Service> MakeImportService(const Core& core) {
  ServiceBuilder service(core, *v1::Import::descriptor()->file(), "ImportService");
  service.AddClientStream(*v1::StartImportRequest::descriptor(), StartUpload);
  AddRead(service, GetImport, Weight::kLight);
  AddQuery(service, ListImports, projections::kImportReads);
  service.AddUnary(*v1::CancelImportRequest::descriptor(), CancelImport);
  return service.Build();
}

}  // namespace dealog::rpc
