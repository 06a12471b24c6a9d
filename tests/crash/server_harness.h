#pragma once

// Kills whole servers under load, again and again, and compares what they had answered with what is
// left: events byte for byte, repeated requests, workflows, views, the log as a whole.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dealog::crash {

struct ServerCrashOptions {
  std::string server;  // The program crash_server.
  std::string folder;  // Where data folders are made; must exist.
  int kills = 10;
  uint32_t seed = 1;
  size_t clients = 8;
  bool sync = true;
  // A data folder is checked as a whole and given up after so many kills.
  int kills_per_folder = 10;
};

struct ServerCrashReport {
  int kills = 0;
  std::map<std::string, int> kills_at_points;  // By its own hand, by named point (kill_point.h).
  uint64_t answered = 0;                       // Commands answered before a kill.
  uint64_t unanswered = 0;  // Commands that a kill cut off; each was repeated once.
  uint64_t repeated = 0;    // Answered commands that were repeated after a kill.
  uint64_t events = 0;      // Comparisons of an event with what it was after an earlier kill.
  uint64_t instances = 0;   // Workflow instances; each was found to have run exactly once.
  int folders = 0;          // Folders whose views were folded anew, and whose log was verified.
  std::vector<std::string> losses;
};

// Stops at the first loss.
ServerCrashReport KillServersAndCheck(const ServerCrashOptions& options);

}  // namespace dealog::crash
