#pragma once

// The command groups, one file each.

#include "services/cli/command.h"

namespace dealog::cli {

void AddTenantCommands(const CommandTree& root);
void AddPipelineCommands(const CommandTree& root);
void AddStageCommands(const CommandTree& root);
void AddDealCommands(const CommandTree& root);
void AddContactCommands(const CommandTree& root);
void AddOrganizationCommands(const CommandTree& root);
void AddActivityCommands(const CommandTree& root);
void AddCatalogCommands(const CommandTree& root);
void AddBoardCommand(const CommandTree& root);
void AddKpiCommands(const CommandTree& root);
void AddHistoryCommands(const CommandTree& root);
void AddAuditCommands(const CommandTree& root);
void AddLogCommands(const CommandTree& root);
void AddBackupCommands(const CommandTree& root);
void AddGroupCommands(const CommandTree& root);
void AddProjectionCommands(const CommandTree& root);
void AddImportCommands(const CommandTree& root);
void AddWorkflowCommands(const CommandTree& root);
void AddSampleCommand(const CommandTree& root);
void AddServerCommands(const CommandTree& root);
void AddCompletionCommands(const CommandTree& root);
void AddHelpCommands(const CommandTree& root);

// Commands of other files under `audit`, `deal` and `log`.
void AddLogAppendCommand(const CommandTree& log);
void AddStreamTypeCommands(const CommandTree& log);
void AddAuditVerifyCommand(const CommandTree& audit);
void AddBackupRestoreCommands(const CommandTree& backup);
void AddDealChangeCommands(const CommandTree& deal);
void AddDealHistoryCommand(const CommandTree& deal);
void AddGroupConsumeCommand(const CommandTree& group);
void AddLogExportCommands(const CommandTree& log);
void AddLogVerifyCommand(const CommandTree& log);

}  // namespace dealog::cli
