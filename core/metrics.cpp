// SPDX-License-Identifier: GPL-3.0-or-later
// The table of all metrics, and the values behind it.
#include "core/metrics.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <stdexcept>
#include <unordered_map>

#include "core/locked.hpp"

namespace jidgate {
namespace {

enum class Type { counter, gauge, histogram };

struct Row {
  std::string_view name;
  Type type;
  std::string_view help;
  bool unlabelled = false;  // exists from the start, so that a rate() has a zero to begin with
};

constexpr Row table[] = {
    {"audit_dropped_total", Type::counter, "Audit entries lost: the queue was full, or stop came.",
     true},
    {"audit_queue", Type::gauge, "Audit entries that wait for the database.", true},
    {"authz_decisions_total", Type::counter,
     "Decisions of a door, by endpoint (direct, auth-request, forward-auth), decision and reason."},
    {"build_info", Type::gauge, "Always 1; the version is a label."},
    {"certificate_messages_total", Type::counter,
     "Accounts told of a certificate, by what about (added, expiry)."},
    {"certificates_total", Type::counter,
     "Changes of certificates that were asked for, by action (add, disable, revoke) and outcome."},
    {"commands_total", Type::counter,
     "Steps of ad-hoc commands, by command and status (executing, completed, canceled, error)."},
    {"config_last_reload_success_timestamp_seconds", Type::gauge,
     "When the configuration was last taken over."},
    {"config_last_reload_successful", Type::gauge,
     "1 when the last reload was taken over, 0 when it was refused."},
    {"confirmation_duration_seconds", Type::histogram, "From the question to its end, by outcome."},
    {"confirmations_pending", Type::gauge, "Questions that nobody has answered yet.", true},
    {"confirmations_total", Type::counter,
     "Questions that ended, by the way they went out (iq, message, page) and outcome."},
    {"db_errors_total", Type::counter, "Statements and connections that PostgreSQL failed.", true},
    {"db_listening", Type::gauge, "1 while the database tells at once what others revoke.", true},
    {"db_pool_in_use", Type::gauge, "Database connections that are being used.", true},
    {"db_up", Type::gauge, "1 when the last use of the database succeeded.", true},
    {"digest_nonce_errors_total", Type::counter, "Digest nonces that were refused, by reason."},
    {"http_connections", Type::gauge, "Open connections of clients.", true},
    {"http_heads_refused_total", Type::counter,
     "Request heads that were refused before any door saw them, by status code."},
    {"http_request_duration_seconds", Type::histogram,
     "From the complete head to the last octet of the answer; includes the wait for a person."},
    {"http_requests_in_flight", Type::gauge, "Requests that are being served or wait.", true},
    {"http_requests_total", Type::counter,
     "Requests answered, by handler, method and status code."},
    {"late_answers_total", Type::counter, "Answers to questions that were over.", true},
    {"rate_limited_total", Type::counter,
     "Requests refused by a limit, by scope (account, address, denied, pending, waiting)."},
    {"tls_certificate_expiry_timestamp_seconds", Type::gauge,
     "When the certificate of the web listener ends, by name."},
    {"waiters", Type::gauge, "Requests parked until a person answers.", true},
    {"wrong_answers_total", Type::counter,
     "Answers that belong to no question of their sender, by what was wrong."},
    {"xmpp_connected", Type::gauge, "1 while the component link is up.", true},
    {"xmpp_reconnects_total", Type::counter, "Times the component link came back.", true},
    {"xmpp_stanzas_dropped_total", Type::counter, "Stanzas refused at the link, by why."},
    {"xmpp_stanzas_total", Type::counter, "Stanzas, by direction (in, out) and kind."},
};

constexpr bool is_sorted_table() {
  for (std::size_t i = 1; i < std::size(table); ++i) {
    if (table[i].name <= table[i - 1].name) return false;
  }
  return true;
}
static_assert(is_sorted_table(), "rows are found by binary search");

// A person takes seconds, a file takes microseconds: one set of bounds serves both.
constexpr std::array bounds = {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1,   0.25, 0.5,
                               1.0,    2.0,   5.0,    10.0,  20.0, 30.0,  60.0, 120.0, 300.0};

// A label may come from the network (an HTTP method is any token): beyond this many combinations a
// metric counts the rest under "other", so that no stranger can fill the memory.
constexpr std::size_t most_series = 500;
constexpr std::size_t longest_label = 64;

struct Series {
  double value = 0;                                       // also the sum of a histogram
  std::array<std::uint64_t, bounds.size() + 1> counts{};  // histograms only; the last is +Inf
};

using SeriesMap = std::unordered_map<std::string, Series>;  // by the labels as they are printed

struct Family {
  Locked<SeriesMap> series;
};

std::size_t row_of(std::string_view name) {
  const auto* row = std::lower_bound(std::begin(table), std::end(table), name,
                                     [](const Row& r, std::string_view n) { return r.name < n; });
  if (row == std::end(table) || row->name != name) {
    throw std::logic_error("no such metric: " + std::string(name));
  }
  return static_cast<std::size_t>(row - std::begin(table));
}

void require(std::size_t row, bool right_type) {
  if (!right_type) throw std::logic_error("wrong kind of metric: " + std::string(table[row].name));
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
  if (!out.empty()) out += ',';
  out.append(name).append("=\"");
  for (const char c : value.substr(0, longest_label)) {
    // Escapes of the exposition format. Anything outside printable ASCII is no label of ours.
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else {
      out += (c < 0x20 || c > 0x7e) ? '?' : c;
    }
  }
  out += '"';
}

std::string label_text(Labels labels) {
  std::string text;
  for (const auto& [name, value] : labels) append_label(text, name, value);
  return text;
}

Series& series_of(SeriesMap& map, std::string key, Labels labels) {
  auto found = map.find(key);
  if (found != map.end()) return found->second;
  if (map.size() >= most_series) {
    key.clear();
    for (const auto& [name, value] : labels) append_label(key, name, "other");
  }
  return map[std::move(key)];
}

void append_number(std::string& out, double value) {
  if (std::isnan(value)) {
    out += "NaN";
  } else if (std::isinf(value)) {
    out += value > 0 ? "+Inf" : "-Inf";
  } else {
    // Plain digits where that is short: people read this page, too.
    const double size = std::abs(value);
    const bool plain = size == 0 || (size >= 1e-6 && size < 1e15);
    char text[64];
    const auto end = std::to_chars(std::begin(text), std::end(text), value,
                                   plain ? std::chars_format::fixed : std::chars_format::general)
                         .ptr;
    out.append(text, end);
  }
}

void append_sample(std::string& out, std::string_view name, std::string_view suffix,
                   std::string_view labels, double value) {
  out.append("jidgate_").append(name).append(suffix);
  if (!labels.empty()) out.append("{").append(labels).append("}");
  out += ' ';
  append_number(out, value);
  out += '\n';
}

void append_histogram(std::string& out, std::string_view name, const std::string& labels,
                      const Series& series) {
  std::uint64_t count = 0;
  for (std::size_t i = 0; i < series.counts.size(); ++i) {
    count += series.counts[i];
    std::string bucket = labels.empty() ? "" : labels + ',';
    bucket += "le=\"";
    append_number(bucket, i < bounds.size() ? bounds[i] : HUGE_VAL);
    bucket += '"';
    append_sample(out, name, "_bucket", bucket, static_cast<double>(count));
  }
  append_sample(out, name, "_sum", labels, series.value);
  append_sample(out, name, "_count", labels, static_cast<double>(count));
}

constexpr std::string_view type_name(Type type) {
  switch (type) {
    case Type::counter:
      return "counter";
    case Type::gauge:
      return "gauge";
    case Type::histogram:
      return "histogram";
  }
  return "";
}

}  // namespace

struct Metrics::State {
  // A lock for each metric: what one request adds is spread over several of them.
  std::array<Family, std::size(table)> families;
  Locked<std::map<std::size_t, std::function<double()>>> watched;  // by row
};

Metrics::Metrics() : state_(std::make_unique<State>()) {
  for (std::size_t row = 0; row < std::size(table); ++row) {
    if (table[row].unlabelled) {
      state_->families[row].series.with([](SeriesMap& map) { map.emplace("", Series{}); });
    }
  }
}

Metrics::~Metrics() = default;

void Metrics::add(std::string_view counter, Labels labels, double amount) {
  const std::size_t row = row_of(counter);
  require(row, table[row].type != Type::histogram);
  std::string key = label_text(labels);
  state_->families[row].series.with(
      [&](SeriesMap& map) { series_of(map, std::move(key), labels).value += amount; });
}

void Metrics::set(std::string_view gauge, double value, Labels labels) {
  const std::size_t row = row_of(gauge);
  require(row, table[row].type == Type::gauge);
  std::string key = label_text(labels);
  state_->families[row].series.with(
      [&](SeriesMap& map) { series_of(map, std::move(key), labels).value = value; });
}

void Metrics::observe(std::string_view histogram, double seconds, Labels labels) {
  const std::size_t row = row_of(histogram);
  require(row, table[row].type == Type::histogram);
  const auto bucket = static_cast<std::size_t>(
      std::lower_bound(bounds.begin(), bounds.end(), seconds) - bounds.begin());
  std::string key = label_text(labels);
  state_->families[row].series.with([&](SeriesMap& map) {
    Series& series = series_of(map, std::move(key), labels);
    series.value += seconds;
    ++series.counts[bucket];
  });
}

void Metrics::watch(std::string_view gauge, std::function<double()> read) {
  const std::size_t row = row_of(gauge);
  require(row, table[row].type == Type::gauge);
  state_->watched.with([&](auto& watched) { watched[row] = std::move(read); });
}

std::string Metrics::render() const {
  // Copied first: what is read may itself count something.
  for (const auto& [row, read] : state_->watched.with([](const auto& w) { return w; })) {
    const double value = read();
    state_->families[row].series.with([&](SeriesMap& map) { map[""].value = value; });
  }
  std::string out;
  for (std::size_t row = 0; row < std::size(table); ++row) {
    const std::map<std::string, Series> sorted = state_->families[row].series.with(
        [](const SeriesMap& map) { return std::map(map.begin(), map.end()); });
    const auto& [name, type, help, unlabelled] = table[row];
    out.append("# HELP jidgate_").append(name).append(" ").append(help).append("\n");
    out.append("# TYPE jidgate_").append(name).append(" ").append(type_name(type)).append("\n");
    for (const auto& [labels, series] : sorted) {
      if (type == Type::histogram) {
        append_histogram(out, name, labels, series);
      } else {
        append_sample(out, name, "", labels, series.value);
      }
    }
  }
  return out;
}

}  // namespace jidgate
