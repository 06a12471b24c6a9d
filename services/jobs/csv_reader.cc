#include "services/jobs/csv_reader.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "eventstore/base/error.h"
#include "services/jobs/limits.h"
#include "services/jobs/values.h"

namespace dealog::jobs {
namespace {

// Splits the lines of one record into fields, line after line.
class Splitter {
 public:
  Splitter(char delimiter, CsvRecord& record) : delimiter_(delimiter), record_(record) {
    record_.fields.assign(1, "");
    record_.fault.reset();
  }
  // True if the record goes on in the next line: a quote is open.
  bool Feed(const std::string& line) {
    if (state_ == State::kQuoted) Field() += '\n';
    for (char c : line) Step(c);
    return state_ == State::kQuoted;
  }

 private:
  enum class State { kStart, kPlain, kQuoted, kQuoteSeen };

  std::string& Field() { return record_.fields.back(); }

  void Step(char c) {
    if (state_ == State::kQuoted) {
      if (c == '"') {
        state_ = State::kQuoteSeen;
      } else {
        Field() += c;
      }
    } else if (c == delimiter_) {
      record_.fields.emplace_back();
      state_ = State::kStart;
    } else if (state_ == State::kStart && c == '"') {
      state_ = State::kQuoted;
    } else if (state_ == State::kQuoteSeen && c == '"') {  // "" is one quote.
      Field() += c;
      state_ = State::kQuoted;
    } else {
      if (state_ == State::kQuoteSeen && !record_.fault) {
        record_.fault = RowFault{"QUOTE_MISPLACED",
                                 absl::StrCat("column ", record_.fields.size(),
                                              ": expected a delimiter or the line's end after the "
                                              "closing quote; write a quote inside text as \"\"")};
      }
      Field() += c;
      if (state_ == State::kStart) state_ = State::kPlain;
    }
  }

  const char delimiter_;
  CsvRecord& record_;
  State state_ = State::kStart;
};

MaybeFault EncodingFault(const std::string& line) {
  const size_t valid = ValidUtf8Prefix(line);
  if (valid == line.size()) return std::nullopt;
  return RowFault{"ENCODING_INVALID",
                  absl::StrCat("expected UTF-8, found byte 0x",
                               absl::Hex(static_cast<uint8_t>(line[valid]), absl::kZeroPad2),
                               " at byte ", valid + 1, " of the line; save the file as UTF-8")};
}

RowFault TooLong() {
  return {"ROW_TOO_LONG", absl::StrCat("expected at most ", kRowBytesMax, " bytes (kRowBytesMax)")};
}

}  // namespace

absl::StatusOr<std::unique_ptr<CsvReader>> CsvReader::Open(const std::string& path,
                                                           char delimiter) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return absl::NotFoundError(absl::StrCat("can't open ", path));
  char start[3] = {};
  file.read(start, sizeof(start));
  const std::string_view mark(start, static_cast<size_t>(file.gcount()));
  if (mark.starts_with("\xFF\xFE") || mark.starts_with("\xFE\xFF")) {
    return base::Error(absl::StatusCode::kInvalidArgument, "IMPORT_INVALID",
                       "expected UTF-8, found UTF-16 (its byte order mark); save it as UTF-8");
  }
  file.clear();
  file.seekg(mark == "\xEF\xBB\xBF" ? 3 : 0);
  return std::unique_ptr<CsvReader>(new CsvReader(std::move(file), delimiter));
}

bool CsvReader::ReadLine(Line& line) {
  if (!ahead_.empty()) {
    line = std::move(ahead_.front());
    ahead_.pop_front();
    ++line_;
    return true;
  }
  line.text.clear();
  line.too_long = false;
  std::streambuf& in = *file_.rdbuf();
  int c = in.sbumpc();
  if (c == std::char_traits<char>::eof()) return false;
  for (; c != std::char_traits<char>::eof() && c != '\n'; c = in.sbumpc()) {
    if (line.text.size() < kRowBytesMax) {
      line.text += static_cast<char>(c);
    } else {
      line.too_long = true;  // The rest is passed over, not kept.
    }
  }
  if (line.text.ends_with('\r')) line.text.pop_back();
  ++line_;
  return true;
}

absl::StatusOr<bool> CsvReader::Next(CsvRecord& record) {
  Line line;
  do {
    if (!ReadLine(line)) {
      if (file_.bad()) return absl::DataLossError("reading the spooled file failed");
      return false;
    }
  } while (line.text.empty());

  record.line = line_;
  Splitter splitter(delimiter_, record);
  if (line.too_long) {
    record.fault = TooLong();
    return true;
  }
  bool open = splitter.Feed(line.text);
  record.fault = record.fault ? record.fault : EncodingFault(line.text);
  std::deque<Line> more;
  size_t bytes = line.text.size();
  while (open && more.size() < kRowLinesMax && bytes <= kRowBytesMax && ReadLine(line)) {
    bytes += line.text.size() + 1;
    open = splitter.Feed(line.text);
    if (!record.fault) record.fault = EncodingFault(line.text);
    more.push_back(std::move(line));
  }
  if (open) {
    record.fault = RowFault{"QUOTE_UNTERMINATED",
                            absl::StrCat("column ", record.fields.size(),
                                         ": the quote that opens here is never closed (looked at ",
                                         more.size() + 1, " lines)")};
    line_ -= static_cast<int64_t>(more.size());
    ahead_.insert(ahead_.begin(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  } else if (bytes > kRowBytesMax) {
    record.fault = TooLong();
  }
  return true;
}

}  // namespace dealog::jobs
