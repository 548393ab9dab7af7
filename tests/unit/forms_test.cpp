// SPDX-License-Identifier: GPL-3.0-or-later
// XEP-0004: forms as clients send them, and as they are shown.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "component/xep0004_forms.hpp"
#include "tests/support/tags.hpp"
#include "tests/support/xml_match.hpp"

namespace jidgate::component {
namespace {

using test::matches;
using testing::ElementsAre;
using testing::Pointee;

// The form among what a command carries, as the component reads it.
std::optional<SubmittedForm> read(const std::string& x) {
  const auto command = test::tag("<iq><command xmlns='http://jabber.org/protocol/commands'>" + x +
                                 "</command></iq>");
  return SubmittedForm::read(*command->children().front()->children().front());
}

std::string submit(const std::string& fields) {
  return "<x xmlns='jabber:x:data' type='submit'>" + fields + "</x>";
}

// Section 3.2: "For data forms of type "submit" […] the recieving entity can infer the 'type'
// attribute value from context. Nevertheless, the 'type' attribute MAY be present for clarity."
TEST(SubmittedFormTest, FieldsAreReadWithAndWithoutTheirType) {
  const auto form =
      read(submit("<field var='name'><value>phone</value></field>"
                  "<field var='sure' type='boolean'><value>1</value></field>"));
  ASSERT_TRUE(form);
  EXPECT_EQ(form->single("name"), "phone");
  EXPECT_EQ(form->boolean("sure", false), true);
}

// Section 3.1: "the form-processing entity MUST ignore any fields that it does not understand".
TEST(SubmittedFormTest, WhatAClientSendsBackBesidesDoesNoHarm) {
  const auto form = read(
      "<x xmlns='jabber:x:data' type='submit'><title>Shown</title><instructions>Do</instructions>"
      "<field var='FORM_TYPE' type='hidden'><value>urn:x</value></field>"
      "<field type='fixed'><value>text</value></field>"
      "<field var='name' type='list-single' label='Name'><required/><value>b</value>"
      "<option label='A'><value>a</value></option><option><value>b</value></option></field>"
      "<field var='other'/><extra xmlns='urn:x'/><field xmlns='urn:x' var='name'/></x>");
  ASSERT_TRUE(form);
  EXPECT_EQ(form->single("name"), "b");
  EXPECT_THAT(form->values("other"), Pointee(ElementsAre()));
  EXPECT_EQ(form->values("missing"), nullptr);
}

// XEP-0050 section 3.5.1: "Responders SHOULD consider any <x type='cancel'/> to be <x
// type='submit'/>".
TEST(SubmittedFormTest, OnlySubmittedFormsAreRead) {
  EXPECT_TRUE(read("<x xmlns='jabber:x:data' type='cancel'/>"));
  EXPECT_FALSE(read("<x xmlns='jabber:x:data' type='form'/>"));
  EXPECT_FALSE(read("<x xmlns='jabber:x:data' type='result'/>"));
  EXPECT_FALSE(read("<x xmlns='jabber:x:data' type=''/>"));
  // "The <x/> element MUST possess a 'type' attribute."
  EXPECT_FALSE(read("<x xmlns='jabber:x:data'/>"));
  EXPECT_FALSE(read("<y xmlns='jabber:x:data' type='submit'/>"));
  EXPECT_FALSE(read("<x xmlns='urn:x' type='submit'/>"));
}

// Section 3.2: a field "MUST possess a 'var' attribute that uniquely identifies the field in the
// context of the form".
TEST(SubmittedFormTest, FieldsHaveANameThatNoOtherHas) {
  EXPECT_FALSE(read(submit("<field><value>a</value></field>")));
  EXPECT_FALSE(read(submit("<field var=''><value>a</value></field>")));
  EXPECT_FALSE(read(submit("<field var='a'/><field var='a'/>")));
}

TEST(SubmittedFormTest, TheNumberOfFieldsIsBounded) {
  std::string fields;
  for (std::size_t number = 0; number < SubmittedForm::most_fields; ++number) {
    fields += "<field var='f" + std::to_string(number) + "'/>";
  }
  EXPECT_TRUE(read(submit(fields)));
  EXPECT_FALSE(read(submit(fields + "<field var='one more'/>")));
}

TEST(SubmittedFormTest, OneValueIsNeitherNoneNorSeveralNorEmpty) {
  const auto form =
      read(submit("<field var='none'/><field var='empty'><value/></field>"
                  "<field var='two'><value>a</value><value>b</value></field>"));
  ASSERT_TRUE(form);
  for (const auto* field : {"none", "empty", "two", "missing"}) {
    EXPECT_FALSE(form->single(field)) << field;
  }
}

// Section 3.3: "an application that receives multiple <value/> elements for a field of type
// "text-multi" SHOULD merge the XML character data of the value elements into one text block".
TEST(SubmittedFormTest, LinesAreJoined) {
  const auto form =
      read(submit("<field var='lines'><value>a</value><value/><value>b</value></field>"
                  "<field var='text'><value>a\nb</value></field><field var='none'/>"));
  ASSERT_TRUE(form);
  EXPECT_EQ(form->lines("lines"), "a\n\nb");
  EXPECT_EQ(form->lines("text"), "a\nb");
  EXPECT_EQ(form->lines("none"), "");
  EXPECT_EQ(form->lines("missing"), "");
}

TEST(SubmittedFormTest, ABooleanIsOneOfFourWords) {
  const std::pair<const char*, std::optional<bool>> cases[] = {
      {"1", true}, {"true", true}, {"0", false}, {"false", false}, {"yes", {}}, {"", false}};
  for (const auto& [text, want] : cases) {
    const auto form =
        read(submit("<field var='a'><value>" + std::string(text) + "</value></field>"));
    ASSERT_TRUE(form);
    EXPECT_EQ(form->boolean("a", true), want) << text;
  }
  EXPECT_EQ(read(submit("<field var='a'/>"))->boolean("a", true), false);
  EXPECT_FALSE(
      read(submit("<field var='a'><value>1</value><value>1</value></field>"))->boolean("a", true));
  // Section 3.1: "the submission MAY omit fields not marked with <required/>".
  EXPECT_EQ(read(submit(""))->boolean("a", true), true);
  EXPECT_EQ(read(submit(""))->boolean("a", false), false);
}

TEST(MadeFormTest, AFormSaysWhatIsWanted) {
  const std::array<FormField, 2> fields{
      {{"name", "list-single", "Name", true, {}, {{"The first", "a"}, {"<The second>", "b"}}},
       {"sure", "boolean", "Sure?", false, {"1"}}}};
  EXPECT_TRUE(
      matches(make_form("Title", "Do this.", "urn:x", fields)->xml(),
              "<x xmlns='jabber:x:data' type='form'><title>Title</title>"
              "<instructions>Do this.</instructions>"
              "<field var='FORM_TYPE' type='hidden'><value>urn:x</value></field>"
              "<field var='name' type='list-single' label='Name'><required/>"
              "<option label='The first'><value>a</value></option>"
              "<option label='&lt;The second&gt;'><value>b</value></option></field>"
              "<field var='sure' type='boolean' label='Sure?'><value>1</value></field></x>"));
}

TEST(MadeFormTest, AResultHasFieldsAndTheirValues) {
  const FormField field{"a", "text-single", "Letter", false, {"x"}};
  EXPECT_TRUE(matches(make_result("Title", "urn:x", {&field, 1})->xml(),
                      "<x xmlns='jabber:x:data' type='result'><title>Title</title>"
                      "<field var='FORM_TYPE' type='hidden'><value>urn:x</value></field>"
                      "<field var='a' type='text-single' label='Letter'><value>x</value></field>"
                      "</x>"));
}

}  // namespace
}  // namespace jidgate::component
