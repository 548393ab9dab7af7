// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0004 (Data Forms, version 2.13.2): makes forms, and reads what was submitted.
#pragma once

#include <gloox/tag.h>

#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace jidgate::component {

constexpr std::string_view forms_ns = "jabber:x:data";

// What somebody submitted. A field needs no type (section 3.2: "the recieving entity can infer the
// 'type' attribute value from context"), and one that nobody asked for does no harm (section 3.1:
// "the form-processing entity MUST ignore any fields that it does not understand").
class SubmittedForm {
 public:
  // nullopt: not a form of type "submit" (or "cancel", which XEP-0050 section 3.5.1 wants taken for
  // it), a field without a name or one that comes twice, or more than `most_fields`.
  static std::optional<SubmittedForm> read(const gloox::Tag& x);

  // nullptr: there is no such field.
  const std::vector<std::string>* values(std::string_view field) const;
  // The one value of a field; nullopt: there is none, or it is empty, or there are several.
  std::optional<std::string> single(std::string_view field) const;
  // Section 3.3: one <value/> for each line of a "text-multi" field. Empty: none.
  std::string lines(std::string_view field) const;
  // "0", "1", "true" or "false", nothing being false too; `otherwise` when the field is not there;
  // nullopt: something else.
  std::optional<bool> boolean(std::string_view field, bool otherwise) const;

  static constexpr std::size_t most_fields = 64;

 private:
  std::map<std::string, std::vector<std::string>, std::less<>> fields_;
};

struct FormOption {
  std::string label, value;
};

struct FormField {
  std::string_view var;
  std::string_view type;  // "text-single", "text-multi", "list-single", "boolean", "jid-single", …
  std::string_view label;  // empty: none
  bool required = false;
  std::vector<std::string> values = {};
  std::vector<FormOption> options = {};
};

// <x type='form'/> to be filled in. `form_type` (XEP-0068) tells programs what it is.
std::unique_ptr<gloox::Tag> make_form(std::string_view title, std::string_view instructions,
                                      std::string_view form_type,
                                      std::span<const FormField> fields);
// <x type='result'/> with fields and their values.
std::unique_ptr<gloox::Tag> make_result(std::string_view title, std::string_view form_type,
                                        std::span<const FormField> fields);

}  // namespace jidgate::component
