// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0004 (Data Forms): makes forms, and reads what was submitted.
#include "component/xep0004_forms.hpp"

#include <utility>

#include "component/tags.hpp"

namespace jidgate::component {
namespace {

std::unique_ptr<gloox::Tag> make_x(std::string_view type, std::string_view title) {
  auto x = make_tag("x", forms_ns);
  set_attribute(*x, "type", type);
  if (!title.empty()) add_child(*x, "title", {}, title);
  return x;
}

gloox::Tag& add_field(gloox::Tag& parent, std::string_view var, std::string_view type,
                      std::string_view label, const std::vector<std::string>& values) {
  gloox::Tag& field = add_child(parent, "field");
  set_attribute(field, "var", var);
  if (!type.empty()) set_attribute(field, "type", type);
  if (!label.empty()) set_attribute(field, "label", label);
  for (const std::string& value : values) add_child(field, "value", {}, value);
  return field;
}

void add_fields(gloox::Tag& x, std::string_view form_type, std::span<const FormField> fields) {
  add_field(x, "FORM_TYPE", "hidden", {}, {std::string(form_type)});
  for (const FormField& one : fields) {
    gloox::Tag& field = add_field(x, one.var, one.type, one.label, one.values);
    if (one.required) add_child(field, "required");
    for (const FormOption& choice : one.options) {
      gloox::Tag& option = add_child(field, "option");
      set_attribute(option, "label", choice.label);
      add_child(option, "value", {}, choice.value);
    }
  }
}

}  // namespace

std::optional<SubmittedForm> SubmittedForm::read(const gloox::Tag& x) {
  const std::string& type = x.findAttribute("type");
  if (x.name() != "x" || namespace_of(x) != forms_ns || (type != "submit" && type != "cancel")) {
    return std::nullopt;
  }
  SubmittedForm form;
  for (const gloox::Tag* field : x.children()) {
    if (field->name() != "field" || namespace_of(*field) != forms_ns) continue;
    const std::string& var = field->findAttribute("var");
    if (var.empty()) {
      // Section 3.2: only a field of type "fixed" need not be named.
      if (field->findAttribute("type") == "fixed") continue;
      return std::nullopt;
    }
    if (form.fields_.size() == most_fields) return std::nullopt;
    std::vector<std::string> values;
    for (const gloox::Tag* value : field->children()) {
      if (value->name() == "value" && namespace_of(*value) == forms_ns)
        values.push_back(value->cdata());
    }
    // Section 3.2: 'var' "uniquely identifies the field in the context of the form".
    if (!form.fields_.emplace(var, std::move(values)).second) return std::nullopt;
  }
  return form;
}

const std::vector<std::string>* SubmittedForm::values(std::string_view field) const {
  const auto found = fields_.find(field);
  return found == fields_.end() ? nullptr : &found->second;
}

std::optional<std::string> SubmittedForm::single(std::string_view field) const {
  const auto* all = values(field);
  if (!all || all->size() != 1 || all->front().empty()) return std::nullopt;
  return all->front();
}

std::string SubmittedForm::lines(std::string_view field) const {
  std::string joined;
  const auto* all = values(field);
  if (!all) return joined;
  for (const std::string& line : *all) {
    if (&line != &all->front()) joined += '\n';
    joined += line;
  }
  return joined;
}

std::optional<bool> SubmittedForm::boolean(std::string_view field, bool otherwise) const {
  const auto* all = values(field);
  if (!all) return otherwise;
  // Section 3.6: "<field><value/></field> or <field/> to signal the absence of a (non-empty)
  // value". Somebody who takes the mark out of a box has said no.
  if (all->empty() || (all->size() == 1 && all->front().empty())) return false;
  const auto value = single(field);
  if (value == "1" || value == "true") return true;
  if (value == "0" || value == "false") return false;
  return std::nullopt;
}

std::unique_ptr<gloox::Tag> make_form(std::string_view title, std::string_view instructions,
                                      std::string_view form_type,
                                      std::span<const FormField> fields) {
  auto x = make_x("form", title);
  if (!instructions.empty()) add_child(*x, "instructions", {}, instructions);
  add_fields(*x, form_type, fields);
  return x;
}

std::unique_ptr<gloox::Tag> make_result(std::string_view title, std::string_view form_type,
                                        std::span<const FormField> fields) {
  auto x = make_x("result", title);
  add_fields(*x, form_type, fields);
  return x;
}

}  // namespace jidgate::component
