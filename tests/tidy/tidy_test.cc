// Reads the source tree and the tables of docs/ARCHITECTURE.md, and fails on any include, word or
// size that they do not allow. Runs in the repository's root.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <vector>

namespace dealog::tidy {
namespace {

namespace fs = std::filesystem;

constexpr size_t kFileLinesMax = 500;
constexpr size_t kReadmeLinesMax = 60;
const char* const kRoots[] = {"eventstore", "projections", "services"};

std::string Read(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

std::vector<fs::path> Sources(const std::vector<std::string>& roots) {
  std::vector<fs::path> found;
  for (const std::string& root : roots) {
    for (const auto& entry : fs::recursive_directory_iterator(root)) {
      const std::string extension = entry.path().extension();
      if (entry.is_regular_file() && (extension == ".h" || extension == ".cc")) {
        found.push_back(entry.path());
      }
    }
  }
  std::sort(found.begin(), found.end());
  return found;
}

std::vector<fs::path> ProductSources() { return Sources({std::begin(kRoots), std::end(kRoots)}); }

std::vector<std::string> SplitList(const std::string& cell) {
  std::vector<std::string> items;
  std::stringstream in(cell);
  for (std::string item; std::getline(in, item, ',');) {
    const size_t begin = item.find_first_not_of(' ');
    if (begin == std::string::npos) continue;
    items.push_back(item.substr(begin, item.find_last_not_of(' ') - begin + 1));
  }
  return items;
}

// The two-column table between <!-- name --> and <!-- /name --> in ARCHITECTURE.md.
std::map<std::string, std::vector<std::string>> Table(const std::string& name) {
  const std::string text = Read("docs/ARCHITECTURE.md");
  const size_t begin = text.find("<!-- " + name + " -->");
  const size_t end = text.find("<!-- /" + name + " -->");
  EXPECT_NE(begin, std::string::npos);
  EXPECT_NE(end, std::string::npos);
  std::map<std::string, std::vector<std::string>> table;
  std::stringstream in(text.substr(begin, end - begin));
  const std::regex row(R"(^\| ([^|]*?) *\|([^|]*)\|$)");
  std::smatch match;
  for (std::string line; std::getline(in, line);) {
    if (!std::regex_match(line, match, row) || match[1] == "from" || match[1] == "header prefix") {
      continue;
    }
    table[match[1]] = SplitList(match[2]);
  }
  EXPECT_GT(table.size(), 5u) << "table " << name << " was not found";
  return table;
}

// Includes of a file: quoted and angled, as written.
std::vector<std::string> Includes(const fs::path& path) {
  static const std::regex include(R"re(^#include ["<]([^">]+)[">])re");
  std::vector<std::string> found;
  std::stringstream in(Read(path));
  std::smatch match;
  for (std::string line; std::getline(in, line);) {
    if (std::regex_search(line, match, include)) found.push_back(match[1]);
  }
  return found;
}

bool IsOurs(const std::string& include) {
  return std::any_of(std::begin(kRoots), std::end(kRoots), [&](const char* root) {
    return include.starts_with(std::string(root) + "/");
  });
}

TEST(Tidy, IncludesFollowTheFolderTable) {
  const auto table = Table("folder-table");
  for (const fs::path& path : ProductSources()) {
    const std::string folder = path.parent_path();
    const auto allowed = table.find(folder);
    ASSERT_NE(allowed, table.end()) << folder << " is not in the folder table";
    for (const std::string& include : Includes(path)) {
      if (!IsOurs(include)) continue;
      const std::string target = fs::path(include).parent_path();
      const bool fine = target == folder || target == "eventstore/base" ||
                        std::count(allowed->second.begin(), allowed->second.end(), target) > 0 ||
                        std::count(allowed->second.begin(), allowed->second.end(), "*") > 0;
      EXPECT_TRUE(fine) << path << " includes " << include << ", which the table does not allow";
    }
  }
}

TEST(Tidy, TheFolderTableIsAcyclicButForANestedPair) {
  // services/workflow and its actions/ are one component in two folders.
  auto table = Table("folder-table");
  table["services/workflow/actions"].erase(
      std::remove(table["services/workflow/actions"].begin(),
                  table["services/workflow/actions"].end(), "services/workflow"),
      table["services/workflow/actions"].end());
  table.erase("services/server");
  std::set<std::string> done;
  while (done.size() < table.size()) {
    const size_t before = done.size();
    for (const auto& [folder, targets] : table) {
      if (std::all_of(targets.begin(), targets.end(),
                      [&](const std::string& target) { return done.contains(target); })) {
        done.insert(folder);
      }
    }
    ASSERT_GT(done.size(), before) << "the folder table has a cycle";
  }
}

TEST(Tidy, ThirdPartyHeadersStayInTheirFolders) {
  const auto table = Table("third-party-table");
  for (const fs::path& path : ProductSources()) {
    for (const std::string& include : Includes(path)) {
      for (const auto& [prefix, places] : table) {
        if (!include.starts_with(prefix)) continue;
        const bool fine = std::any_of(places.begin(), places.end(), [&](const std::string& place) {
          return path.string() == place || path.parent_path().string() == place;
        });
        EXPECT_TRUE(fine) << path << " includes <" << include << ">";
      }
    }
  }
}

TEST(Tidy, EventsAndStorageProtosImportNothingOfTheApi) {
  for (const char* folder : {"proto/dealog/events/v1", "proto/dealog/storage/v1"}) {
    for (const auto& entry : fs::directory_iterator(folder)) {
      EXPECT_EQ(Read(entry.path()).find("import \"dealog/v1/"), std::string::npos) << entry.path();
    }
  }
  for (const auto& entry : fs::directory_iterator("proto/dealog/storage/v1")) {
    EXPECT_EQ(Read(entry.path()).find("import \"dealog/events/"), std::string::npos);
  }
}

TEST(Tidy, NoFileIsTooLong) {
  for (const fs::path& path : Sources({"eventstore", "projections", "services", "tests"})) {
    const std::string text = Read(path);
    const auto lines = static_cast<size_t>(std::count(text.begin(), text.end(), '\n'));
    EXPECT_LE(lines, kFileLinesMax) << path << " is probably two things in one file";
  }
}

TEST(Tidy, NoLineIsTooLong) {
  for (const fs::path& path : Sources({"eventstore", "projections", "services", "tests"})) {
    std::stringstream in(Read(path));
    size_t number = 0;
    for (std::string line; std::getline(in, line);) {
      ++number;
      // Columns are characters, not bytes: UTF-8 continuation bytes do not count.
      const auto columns =
          std::count_if(line.begin(), line.end(), [](char c) { return (c & 0xC0) != 0x80; });
      EXPECT_LE(columns, 100) << path << ":" << number;
    }
  }
}

TEST(Tidy, EveryFolderWithCodeExplainsItself) {
  std::set<fs::path> folders;
  for (const fs::path& path : ProductSources()) folders.insert(path.parent_path());
  for (const fs::path& folder : folders) {
    const fs::path readme = folder / "README.md";
    EXPECT_TRUE(fs::exists(readme)) << readme;
    const std::string text = Read(readme);
    EXPECT_LE(static_cast<size_t>(std::count(text.begin(), text.end(), '\n')), kReadmeLinesMax)
        << readme;
  }
}

// A pattern that may stand only in the places named.
struct Rule {
  const char* pattern;
  std::vector<std::string> except;
  const char* why;
};

TEST(Tidy, ForbiddenConstructs) {
  const std::vector<Rule> rules = {
      {R"(\babsl::(Mutex|CondVar|MutexLock)\b)",
       {"eventstore/base/mutex.h"},
       "use base::Mutex: the packaged absl::Mutex is not instrumented"},
      {R"(std::thread\b(?!::id)|std::jthread\b|pthread_create)",
       {"eventstore/base/worker.h", "eventstore/base/worker.cc"},
       "use base::Worker"},
      {R"(system_clock::now|absl::Now\(|gettimeofday|clock_gettime|\btime\(nullptr\))",
       {"eventstore/base/clock.cc"},
       "use base::Clock"},
      {R"(\b(TODO|FIXME|XXX|HACK)\b)",
       {"eventstore/base/currency.cc"},
       "finish it, or write WART: with its consequence"},
      {R"(co_await|co_return|co_yield)",
       {},
       "clang 14 cannot compile coroutines with libstdc++ 12"},
      {R"(std::cout)", {"services/server/main.cc", "services/cli"}, "only the programs print"},
      {R"(using namespace std)", {}, "name what you use"},
  };
  for (const fs::path& path : ProductSources()) {
    std::stringstream in(Read(path));
    size_t number = 0;
    for (std::string line; std::getline(in, line);) {
      ++number;
      for (const Rule& rule : rules) {
        const bool excepted =
            std::any_of(rule.except.begin(), rule.except.end(),
                        [&](const std::string& place) { return path.string().starts_with(place); });
        if (excepted || line.find("//") != std::string::npos) {
          // Comments may speak of what the code must not do.
          if (excepted || line.find_first_not_of(' ') == line.find("//")) continue;
        }
        EXPECT_FALSE(std::regex_search(line, std::regex(rule.pattern)))
            << path << ":" << number << ": " << rule.why << "\n  " << line;
      }
    }
  }
}

// A patch of tests/cost: the files it touches, and where it no longer fits.
struct CostPatch {
  std::set<std::string> product, tests, docs;
  std::vector<std::string> misfits;

  void Touch(const std::string& file) {
    const bool is_doc = file.starts_with("docs/") || file.ends_with(".md");
    (file.starts_with("tests/") ? tests : is_doc ? docs : product).insert(file);
  }
  // What the file holds before the hunk must be in it as one piece.
  void CheckHunk(const std::string& file, const std::string& before) {
    if (!before.empty() && Read(file).find(before) == std::string::npos) {
      misfits.push_back(file + ":\n" + before);
    }
  }
};

CostPatch ReadCostPatch(const fs::path& path) {
  CostPatch patch;
  std::stringstream in(Read(path));
  std::string file, before;
  bool in_hunk = false;
  const auto end_hunk = [&] {
    patch.CheckHunk(file, before);
    before.clear();
  };
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("diff --git ")) {
      end_hunk();
      in_hunk = false;
      file = line.substr(line.rfind(" b/") + 3);
      patch.Touch(file);
    } else if (line.starts_with("new file") && fs::exists(file)) {
      patch.misfits.push_back(file + " exists");
    } else if (line.starts_with("@@")) {
      end_hunk();
      in_hunk = true;
    } else if (in_hunk && (line.starts_with(' ') || line.starts_with('-'))) {
      before += line.substr(1) + "\n";
    }
  }
  end_hunk();
  return patch;
}

TEST(Tidy, ChangesCostWhatTheTableSays) {
  const std::string text = Read("docs/ARCHITECTURE.md");
  for (const std::string name : {"field", "event", "action", "view"}) {
    const CostPatch patch = ReadCostPatch("tests/cost/" + name + ".patch");
    for (const std::string& misfit : patch.misfits) {
      ADD_FAILURE() << "tests/cost/" << name << ".patch no longer fits (tests/cost/README.md) in "
                    << misfit;
    }
    std::smatch row;
    ASSERT_TRUE(std::regex_search(
        text, row,
        std::regex("\n\\|[^|\n]*/" + name +
                   "\\.patch\\)[^|\n]*\\| *(\\d+) *\\| *(\\d+) *\\| *(\\d+) *\\|")))
        << "docs/ARCHITECTURE.md, Cost of change: no row for " << name << ".patch";
    EXPECT_EQ(row[1], std::to_string(patch.product.size())) << name << ": files of the product";
    EXPECT_EQ(row[2], std::to_string(patch.tests.size())) << name << ": files of tests";
    EXPECT_EQ(row[3], std::to_string(patch.docs.size())) << name << ": files of docs";
  }
}

TEST(Tidy, ProtoElementsAreCommented) {
  static const std::regex element(R"(^ *(message|enum|service|rpc|oneof|[A-Z][A-Z0-9_]+ = \d+)"
                                  R"(|(repeated |optional )?[A-Za-z0-9_.<>, ]+ [a-z0-9_]+ = \d+))");
  for (const auto& entry : fs::recursive_directory_iterator("proto/dealog")) {
    if (entry.path().extension() != ".proto") continue;
    std::stringstream in(Read(entry.path()));
    std::string before;
    size_t number = 0;
    for (std::string line; std::getline(in, line); before = line) {
      ++number;
      if (!std::regex_search(line, element) || line.find("option ") != std::string::npos) continue;
      if (line.starts_with("syntax") || line.find("//") < line.find_first_not_of(' ') + 1) continue;
      EXPECT_NE(before.find("//"), std::string::npos)
          << entry.path() << ":" << number << " has no comment: " << line;
    }
  }
}

}  // namespace
}  // namespace dealog::tidy
