// SPDX-License-Identifier: GPL-3.0-or-later
// IMF-fixdate, and the two obsolete forms.
#include "http/http_date.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace jidgate::http {
namespace {

constexpr std::array<std::string_view, 7> days = {"Sunday",   "Monday", "Tuesday", "Wednesday",
                                                  "Thursday", "Friday", "Saturday"};
constexpr std::array<std::string_view, 12> months = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                     "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

// Takes things off the front of a text; once something did not fit it stays failed.
class Reader {
 public:
  explicit Reader(std::string_view text) : text_(text) {}
  bool is_done() const { return good_ && text_.empty(); }
  bool takes(std::string_view wanted) {
    if (!text_.starts_with(wanted)) return false;
    text_.remove_prefix(wanted.size());
    return true;
  }
  void expect(std::string_view wanted) { good_ = takes(wanted) && good_; }
  int number(std::size_t digits) {
    int value = 0;
    if (text_.size() < digits) good_ = false;
    for (std::size_t i = 0; good_ && i < digits; ++i) {
      good_ = text_[i] >= '0' && text_[i] <= '9';
      value = value * 10 + (text_[i] - '0');
    }
    if (good_) text_.remove_prefix(digits);
    return value;
  }
  unsigned unsigned_number(std::size_t digits) { return static_cast<unsigned>(number(digits)); }
  unsigned month() {
    for (unsigned i = 0; i < months.size(); ++i)
      if (takes(months[i])) return i + 1;
    good_ = false;
    return 0;
  }
  std::chrono::seconds time_of_day() {
    const int hour = number(2);
    expect(":");
    const int minute = number(2);
    expect(":");
    const int second = number(2);  // 60: a leap second
    good_ = good_ && hour < 24 && minute < 60 && second <= 60;
    return std::chrono::hours(hour) + std::chrono::minutes(minute) + std::chrono::seconds(second);
  }

 private:
  std::string_view text_;
  bool good_ = true;
};

}  // namespace

std::string format_http_date(HttpTime time) {
  const auto day = std::chrono::floor<std::chrono::days>(time);
  const std::chrono::year_month_day date(day);
  const auto of_day = (time - day).count();
  std::array<char, 64> text{};
  std::snprintf(text.data(), text.size(), "%.3s, %02u %s %04d %02d:%02d:%02d GMT",
                days[std::chrono::weekday(day).c_encoding()].data(), unsigned(date.day()),
                months[unsigned(date.month()) - 1].data(), int(date.year()),
                static_cast<int>(of_day / 3600), static_cast<int>(of_day / 60 % 60),
                static_cast<int>(of_day % 60));
  return text.data();
}

std::optional<HttpTime> parse_http_date(std::string_view text, HttpTime now) {
  Reader reader(text);
  std::chrono::seconds time{};
  int year = 0;
  unsigned month = 0, day = 0;
  const auto name = std::find_if(days.begin(), days.end(), [&](std::string_view weekday) {
    return text.starts_with(weekday.substr(0, 3));
  });
  if (name == days.end()) return std::nullopt;
  const bool long_name = reader.takes(*name);
  if (!long_name) reader.expect(name->substr(0, 3));

  if (long_name) {  // rfc850-date
    reader.expect(", ");
    day = reader.unsigned_number(2);
    reader.expect("-");
    month = reader.month();
    reader.expect("-");
    year = reader.number(2);
    const int this_year =
        int(std::chrono::year_month_day(std::chrono::floor<std::chrono::days>(now)).year());
    year += this_year - this_year % 100;
    if (year > this_year + 50) year -= 100;
    reader.expect(" ");
    time = reader.time_of_day();
    reader.expect(" GMT");
  } else if (reader.takes(", ")) {  // IMF-fixdate
    day = reader.unsigned_number(2);
    reader.expect(" ");
    month = reader.month();
    reader.expect(" ");
    year = reader.number(4);
    reader.expect(" ");
    time = reader.time_of_day();
    reader.expect(" GMT");
  } else {  // asctime-date
    reader.expect(" ");
    month = reader.month();
    reader.expect(" ");
    day = reader.unsigned_number(reader.takes(" ") ? 1 : 2);
    reader.expect(" ");
    time = reader.time_of_day();
    reader.expect(" ");
    year = reader.number(4);
  }
  const std::chrono::year_month_day date{std::chrono::year(year), std::chrono::month(month),
                                         std::chrono::day(day)};
  if (!reader.is_done() || !date.ok()) return std::nullopt;
  return HttpTime(std::chrono::sys_days(date)) + time;
}

}  // namespace jidgate::http
