// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0257: what is asked of an account's certificates, and the answers.
#include "component/xep0257_certificates.hpp"

#include <algorithm>
#include <exception>
#include <utility>
#include <variant>

#include "component/tags.hpp"
#include "core/text.hpp"

namespace jidgate::component {
namespace {

constexpr Route served[] = {{IqType::get, saslcert_ns, "items"},
                            {IqType::set, saslcert_ns, "append"},
                            {IqType::set, saslcert_ns, "disable"},
                            {IqType::set, saslcert_ns, "revoke"}};
constexpr std::string_view namespaces[] = {saslcert_ns};
constexpr Identity identity[] = {{"auth", "cert", "jidgate"}};

// Octets of a list. Servers end the stream of a component that sends them more than half a
// megabyte in one stanza; the difference is for the stanza around it, wrapped twice at most.
constexpr std::size_t longest_list = 400000;

struct Append {
  std::string name, encoded;
  bool can_manage = true;
};

StanzaError bad_request(std::string text) {
  return {"modify", "bad-request", std::move(text)};
}

StanzaError error_of(const CertificateRefusal& refusal) {
  using Kind = CertificateRefusal::Kind;
  const auto error = [&](std::string_view type, std::string_view condition) {
    return StanzaError{type, condition, refusal.text};
  };
  switch (refusal.kind) {
    case Kind::malformed:
      return error("modify", "bad-request");
    case Kind::not_acceptable:
      return error("modify", "not-acceptable");
    case Kind::conflict:
      return error("cancel", "conflict");
    case Kind::unknown:
      return error("cancel", "item-not-found");
    case Kind::full:
      return error("wait", "resource-constraint");
    case Kind::away:
      break;
  }
  return error("wait", "internal-server-error");
}

std::vector<const gloox::Tag*> children_of(const gloox::Tag& payload, std::string_view name) {
  std::vector<const gloox::Tag*> found;
  for (const gloox::Tag* child : payload.children()) {
    if (child->name() == name && namespace_of(*child) == saslcert_ns) found.push_back(child);
  }
  return found;
}

// The text of the one child of this name. What else the payload holds is left alone, so that a
// later version may add to it.
std::variant<std::string, StanzaError> text_of(const gloox::Tag& payload, std::string_view name) {
  const auto found = children_of(payload, name);
  if (found.size() != 1 || !found.front()->children().empty()) {
    return bad_request("One <" + std::string(name) + "/> is expected, with text in it.");
  }
  return found.front()->cdata();
}

// Section 2.1: "The <append/> element MUST include an <x509cert/> element […]. The client also MUST
// provide a unique name for the certificate as a <name/> element".
std::variant<Append, StanzaError> read_append(const gloox::Tag& payload) {
  auto name = text_of(payload, "name");
  if (auto* error = std::get_if<StanzaError>(&name)) return std::move(*error);
  auto encoded = text_of(payload, "x509cert");
  if (auto* error = std::get_if<StanzaError>(&encoded)) return std::move(*error);
  const auto limits = children_of(payload, "no-cert-management");
  if (limits.size() > 1) return bad_request("At most one <no-cert-management/> is expected.");
  return Append{std::get<std::string>(std::move(name)), std::get<std::string>(std::move(encoded)),
                limits.empty()};
}

std::unique_ptr<gloox::Tag> make_item(const CertificateRecord& record,
                                      const std::vector<HostSession>& sessions) {
  auto item = make_tag("item");
  add_child(*item, "name", {}, record.name);
  if (!record.can_manage) add_child(*item, "no-cert-management");
  gloox::Tag* users = nullptr;
  for (const HostSession& session : sessions) {
    if (session.fingerprint != record.fingerprint || session.resource.empty()) continue;
    if (!users) users = &add_child(*item, "users");
    add_child(*users, "resource", {}, session.resource);
  }
  return item;
}

struct List {
  std::unique_ptr<gloox::Tag> items;
  std::size_t without_certificate = 0, left_out = 0;  // for want of room
};

// Everything that a person needs to manage a certificate is its name, so names come first: a list
// that would be too long loses certificates from its end on, and whole items only when even the
// names are too many.
List make_list(const std::vector<CertificateRecord>& records,
               const std::vector<HostSession>& sessions) {
  List list{make_tag("items", saslcert_ns)};
  std::vector<std::pair<gloox::Tag*, std::string>> certificates;
  std::size_t octets = 0;
  for (const CertificateRecord& record : records) {
    auto item = make_item(record, sessions);
    octets += item->xml().size();
    if (octets > longest_list) {
      list.left_out = records.size() - certificates.size();
      break;
    }
    certificates.emplace_back(item.get(), base64_encode(record.der));
    list.items->addChild(item.release());
  }
  for (const auto& [item, encoded] : certificates) {
    constexpr std::size_t tags = 32;  // around it
    octets += encoded.size() + tags;
    if (octets > longest_list) {
      ++list.without_certificate;
    } else {
      add_child(*item, "x509cert", {}, encoded);
    }
  }
  return list;
}

const StanzaError busy{"wait", "resource-constraint",
                       "Too many requests are waiting. Try again when they are answered."};

}  // namespace

Certificates::Certificates(std::vector<std::string> hosts, CertificateRegistry& registry,
                           SessionGuard& guard, HostModule& host, Strands& strands,
                           const Stream& stream, Log& log)
    : hosts_(std::move(hosts)),
      registry_(registry),
      guard_(guard),
      host_(host),
      strands_(strands),
      stream_(stream),
      log_(log) {}

std::span<const Route> Certificates::routes() const {
  return served;
}
std::span<const std::string_view> Certificates::features() const {
  return namespaces;
}
std::span<const Identity> Certificates::identities() const {
  return identity;
}
std::span<const std::string_view> Certificates::delegable() const {
  return namespaces;
}

void Certificates::handle(const Incoming& request, const gloox::Tag& payload, Reply reply) {
  const Jid account = request.from.bare();
  if (!account.is_account() ||
      std::find(hosts_.begin(), hosts_.end(), account.domain()) == hosts_.end()) {
    return reply.fail({"auth", "forbidden", "Certificates are kept for accounts of this server."});
  }
  Turnstile::Ticket ticket = turnstile_.enter(account.to_string());
  if (!ticket) return reply.fail(busy);
  if (payload.name() == "items") return list(account, {std::move(reply), std::move(ticket)});
  if (payload.name() == "append") {
    auto read = read_append(payload);
    if (const auto* error = std::get_if<StanzaError>(&read)) return reply.fail(*error);
    return change(request,
                  [this, account, append = std::get<Append>(std::move(read))](Reply& answer) {
                    const auto added = registry_.add(account, append.name, append.encoded,
                                                     append.can_manage, CertificateForm::base64);
                    if (const auto* refusal = std::get_if<CertificateRefusal>(&added)) {
                      return answer.fail(error_of(*refusal));
                    }
                    answer.result();
                  },
                  {std::move(reply), std::move(ticket)});
  }
  auto name = text_of(payload, "name");
  if (const auto* error = std::get_if<StanzaError>(&name)) return reply.fail(*error);
  const auto how =
      payload.name() == "revoke" ? CertificateStore::End::revoke : CertificateStore::End::disable;
  change(request,
         [this, account, how, name = std::get<std::string>(std::move(name))](Reply& answer) {
           const auto ended = registry_.end(account, name, how);
           if (const auto* refusal = std::get_if<CertificateRefusal>(&ended)) {
             return answer.fail(error_of(*refusal));
           }
           answer.result();
         },
         {std::move(reply), std::move(ticket)});
}

void Certificates::change(const Incoming& request, Work work, Box given) {
  // std::function must be copyable, so the reply travels in a shared box.
  const auto box = std::make_shared<Box>(std::move(given));
  guard_.may_manage(
      request.from, request.session, [this, box, work = std::move(work)](SessionGuard::Word word) {
        switch (word) {
          case SessionGuard::Word::may:
            return run(work, std::move(box->reply));
          case SessionGuard::Word::may_not:
            return box->reply.fail({"auth", "forbidden",
                                    "Whoever logged in with a certificate that may not "
                                    "manage certificates may only list them."});
          case SessionGuard::Word::busy:
            return box->reply.fail(busy);
          case SessionGuard::Word::cannot_tell:
            return box->reply.fail({"wait", "internal-server-error",
                                    "Whether this session may change certificates cannot "
                                    "be told just now. Try again later."});
        }
      });
}

// Section 2.1: "A server MAY allow such a client to query the list of certificates", and so does
// this one.
void Certificates::list(const Jid& account, Box given) {
  const auto box = std::make_shared<Box>(std::move(given));
  host_.sessions(account, [this, account, box](HostModule::Sessions told) {
    std::vector<HostSession> sessions;
    if (auto* known = std::get_if<std::vector<HostSession>>(&told)) sessions = std::move(*known);
    const Work work = [this, account, sessions = std::move(sessions)](Reply& answer) {
      // A list is up to a hundred times as large as the request for it.
      if (stream_.is_congested()) return answer.fail(busy);
      const auto records = registry_.list(account, false);
      if (const auto* refusal = std::get_if<CertificateRefusal>(&records)) {
        return answer.fail(error_of(*refusal));
      }
      List made = make_list(std::get<std::vector<CertificateRecord>>(records), sessions);
      if (made.without_certificate + made.left_out > 0) {
        log_.debug("certificates.list_shortened",
                   {{"account", account.to_string()},
                    {"without_certificate", std::to_string(made.without_certificate)},
                    {"left_out", std::to_string(made.left_out)}});
      }
      answer.result(std::move(made.items));
    };
    const bool taken =
        strands_.post(account.to_string(), [this, work, box] { run(work, std::move(box->reply)); });
    if (!taken) box->reply.fail(busy);
  });
}

void Certificates::run(const Work& work, Reply reply) {
  try {
    work(reply);
  } catch (const std::exception& fault) {  // the reply answers on its way out
    log_.error("unit.failed",
               {{"kind", "iq"}, {"xmlns", std::string(saslcert_ns)}, {"what", fault.what()}});
  }
}

}  // namespace jidgate::component
