#pragma once

// Kills a writer of a log again and again, and compares what it had acknowledged with what is left.

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace dealog::eventstore {

struct CrashOptions {
  std::string writer;  // The program crash_writer.
  std::string folder;  // Where logs are made; must exist.
  int kills = 50;
  uint32_t seed = 1;
  bool sync = true;
  // A log is given up for a new one after so many kills.
  int kills_per_log = 10;
};

struct CrashReport {
  int kills = 0;
  int kills_before_the_first_answer = 0;
  std::map<std::string, int> kills_at_points;  // By its own hand, by named point (writer_main.cc).
  uint64_t commits_acknowledged = 0;
  uint64_t commits_checked = 0;  // Each acknowledged commit is checked after every later kill.
  std::vector<std::string> losses;
};

// Stops at the first kill after which something is missing.
CrashReport KillAndCheck(const CrashOptions& options);

}  // namespace dealog::eventstore
