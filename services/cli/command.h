#pragma once

// How a command is declared. Most commands make one call: their options fill the request, then the
// reply is printed.
//
//   auto rename = AddCall(pipeline, {"rename", "Renames a pipeline", "dealog pipeline rename …"},
//                         &v1::PipelineService::Stub::RenamePipeline, ShowPipelineChange);
//   rename.Text("pipeline", "Pipeline: id or name", rename->mutable_pipeline());

#include <CLI/CLI.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "absl/status/status.h"
#include "eventstore/base/status.h"
#include "services/cli/session.h"

namespace dealog::cli {

// What a command does once the whole command line is read.
using Action = std::function<absl::Status(Session&)>;

// The command tree under construction: CLI11's tree, and the action that parsing selects.
class CommandTree {
 public:
  CommandTree(CLI::App& app, Action& selected) : app_(&app), selected_(&selected) {}

  // A group of commands, for example `deal`.
  CommandTree Group(const std::string& name, const std::string& description) const;
  // A command. `example` is shown by --help.
  CLI::App* Leaf(const std::string& name, const std::string& description,
                 const std::string& example, Action action) const;
  // The commands below one that is itself a command (`import`, `import list`).
  CommandTree Under(CLI::App& command) const { return {command, *selected_}; }
  CLI::App& app() const { return *app_; }

 private:
  CLI::App* app_;
  Action* selected_;
};

struct Help {
  std::string name;
  std::string description;
  std::string example;
};

// Reads a value from text into its place; a refusal becomes "--option: expected …".
using Reader = std::function<absl::Status(const std::string&)>;

// An option that takes one value (`--name`), or a required argument (`name` without dashes).
CLI::Option* AddReader(CLI::App* command, const std::string& name, const std::string& description,
                       Reader reader);
// An option that may be repeated, one value each time.
CLI::Option* AddRepeatedReader(CLI::App* command, const std::string& name,
                               const std::string& description, Reader reader);
// A required argument or an optional option that is text as it is.
CLI::Option* AddText(CLI::App* command, const std::string& name, const std::string& description,
                     std::string* target);
// Reads by one of the Parse functions into a field, which is touched only when the option is given:
// ReadField(request, &v1::QueryKpiRequest::mutable_from_time, ParseDate).
template <typename Request, typename Field, typename Parse>
Reader ReadField(Request* request, Field* (Request::*field)(), Parse parse) {
  return [request, field, parse](const std::string& text) -> absl::Status {
    ASSIGN_OR_RETURN(*(request->*field)(), parse(text));
    return absl::OkStatus();
  };
}

// Runs before the call: what must be asked of the server or read from a file first.
using Preparation = std::function<absl::Status(Session&)>;

// A command that makes one call, while its options are declared.
template <typename Request>
struct CallCommand {
  CLI::App* command;
  std::shared_ptr<Request> request;
  std::shared_ptr<std::vector<Preparation>> preparations;

  Request* operator->() const { return request.get(); }
  CLI::Option* Text(const std::string& name, const std::string& description,
                    std::string* target) const {
    return AddText(command, name, description, target);
  }
  CLI::Option* Read(const std::string& name, const std::string& description, Reader reader) const {
    return AddReader(command, name, description, std::move(reader));
  }
  CLI::Option* ReadEach(const std::string& name, const std::string& description,
                        Reader reader) const {
    return AddRepeatedReader(command, name, description, std::move(reader));
  }
};

// Adds a command that sends the request and prints the reply: `show` for people, JSON for scripts.
template <typename Stub, typename Request, typename Response>
CallCommand<Request> AddCall(const CommandTree& group, const Help& help,
                             grpc::Status (Stub::*method)(grpc::ClientContext*, const Request&,
                                                          Response*),
                             void (*show)(const Response&, Printer&)) {
  auto request = std::make_shared<Request>();
  auto preparations = std::make_shared<std::vector<Preparation>>();
  CLI::App* command = group.Leaf(
      help.name, help.description, help.example,
      [request, preparations, method, show](Session& session) -> absl::Status {
        for (const Preparation& prepare : *preparations) RETURN_IF_ERROR(prepare(session));
        ASSIGN_OR_RETURN(const Response response, session.client().Call(method, *request));
        if (session.printer().json()) {
          session.printer().Json(response);
        } else {
          show(response, session.printer());
        }
        return absl::OkStatus();
      });
  return {command, std::move(request), std::move(preparations)};
}

}  // namespace dealog::cli
