#pragma once

// Answers of KPIs as tables: each KPI has its own columns.

#include "dealog/v1/kpi.pb.h"
#include "services/cli/printer.h"

namespace dealog::cli {

void ShowKpi(const v1::QueryKpiResponse& reply, Printer& printer);

}  // namespace dealog::cli
