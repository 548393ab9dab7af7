// SPDX-License-Identifier: GPL-3.0-or-later
// The catalogue: English, German, French, Spanish.
#include "component/xep0070_texts.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "core/text.hpp"

namespace jidgate::component {

namespace {

struct Catalogue {
  std::string_view language;
  std::string_view prompt, with_code, type_code;
  std::array<std::string_view, 4> notices;  // in the order of Notice
};

constexpr std::array<Catalogue, 4> catalogues{{
    {"en",
     "Somebody at {asker} wants to open:\n{method} {url}\n",
     "The code of this request is: {code}\nIf this was you, reply OK. If not, reply No.\nThe "
     "question is open until {until}.",
     "If this was you, reply with the code that your screen shows. If not, reply No.\nThe question "
     "is open until {until}.",
     {"This request is already over; your answer changed nothing.",
      "Whoever asked has gone. There is nothing left to answer.",
      "Several requests are waiting. Please reply with the code of the one that you mean.",
      "I only confirm web requests. Reply OK or No when I ask you about one."}},
    {"de",
     "Jemand an der Adresse {asker} möchte öffnen:\n{method} {url}\n",
     "Der Code dieser Anfrage ist: {code}\nWaren Sie das, antworten Sie OK. Wenn nicht, antworten "
     "Sie Nein.\nDie Frage gilt bis {until}.",
     "Waren Sie das, antworten Sie mit dem Code, den Ihr Bildschirm zeigt. Wenn nicht, antworten "
     "Sie Nein.\nDie Frage gilt bis {until}.",
     {"Diese Anfrage ist schon vorbei; Ihre Antwort hat nichts bewirkt.",
      "Wer gefragt hat, ist gegangen. Es gibt nichts mehr zu beantworten.",
      "Mehrere Anfragen warten. Bitte antworten Sie mit dem Code der gemeinten Anfrage.",
      "Ich bestätige nur Web-Anfragen. Antworten Sie OK oder Nein, wenn ich nach einer frage."}},
    {"fr",
     "Quelqu’un à l’adresse {asker} souhaite ouvrir :\n{method} {url}\n",
     "Le code de cette demande est : {code}\nSi c’est vous, répondez OK. Sinon, répondez "
     "Non.\nLa question est ouverte jusqu’à {until}.",
     "Si c’est vous, répondez avec le code affiché à votre écran. Sinon, répondez Non.\nLa "
     "question est ouverte jusqu’à {until}.",
     {"Cette demande est déjà terminée ; votre réponse n’a rien changé.",
      "La personne qui demandait est partie. Il n’y a plus rien à répondre.",
      "Plusieurs demandes attendent. Répondez avec le code de celle que vous confirmez.",
      "Je confirme seulement des demandes web. Répondez OK ou Non quand je vous interroge."}},
    {"es",
     "Alguien en la dirección {asker} quiere abrir:\n{method} {url}\n",
     "El código de esta solicitud es: {code}\nSi ha sido usted, responda OK. Si no, responda "
     "No.\nLa pregunta está abierta hasta las {until}.",
     "Si ha sido usted, responda con el código que muestra su pantalla. Si no, responda No.\nLa "
     "pregunta está abierta hasta las {until}.",
     {"Esta solicitud ya ha terminado; su respuesta no ha cambiado nada.",
      "Quien preguntaba se ha ido. Ya no hay nada que responder.",
      "Hay varias solicitudes pendientes. Responda con el código de la que confirma.",
      "Solo confirmo solicitudes web. Responda OK o No cuando le pregunte por una."}},
}};

constexpr std::array<std::string_view, 9> yes_words{"ok", "okay", "yes",  "ja", "oui",
                                                    "sí", "si",   "vale", "o.k"};
constexpr std::array<std::string_view, 4> no_words{"no", "nein", "non", "nope"};

// In one pass, so that a value which looks like a placeholder stays what it is.
std::string fill(std::string_view text, const PromptValues& values) {
  const std::array<std::pair<std::string_view, const std::string*>, 5> names{
      {{"{asker}", &values.asker},
       {"{method}", &values.method},
       {"{url}", &values.url},
       {"{code}", &values.code},
       {"{until}", &values.until}}};
  std::string filled;
  while (!text.empty()) {
    const auto name = std::find_if(names.begin(), names.end(),
                                   [&](const auto& one) { return text.starts_with(one.first); });
    if (name != names.end()) {
      filled += *name->second;
      text.remove_prefix(name->first.size());
    } else {
      filled += text.front();
      text.remove_prefix(1);
    }
  }
  return filled;
}

template <class Make>
LocalTexts for_each_language(const std::vector<std::string>& languages, Make make) {
  LocalTexts texts;
  for (const std::string& language : languages) {
    const auto found = std::find_if(catalogues.begin(), catalogues.end(),
                                    [&](const Catalogue& one) { return one.language == language; });
    if (found != catalogues.end()) texts.push_back({found->language, make(*found)});
  }
  if (texts.empty()) texts.push_back({catalogues.front().language, make(catalogues.front())});
  return texts;
}

}  // namespace

LocalTexts prompt(const std::vector<std::string>& languages, const PromptValues& values) {
  return for_each_language(languages, [&](const Catalogue& catalogue) {
    return fill(catalogue.prompt, values) +
           fill(values.code.empty() ? catalogue.type_code : catalogue.with_code, values);
  });
}

LocalTexts notice(const std::vector<std::string>& languages, Notice which) {
  return for_each_language(languages, [&](const Catalogue& catalogue) {
    return std::string(catalogue.notices[static_cast<std::size_t>(which)]);
  });
}

std::string without_quotes(std::string_view body) {
  std::string kept;
  while (!body.empty()) {
    const auto end = body.find('\n');
    const std::string_view line = body.substr(0, end);
    if (!trim(line).starts_with('>')) kept.append(line).append("\n");
    body = end == std::string_view::npos ? std::string_view() : body.substr(end + 1);
  }
  return std::string(trim(kept));
}

std::optional<Word> read_word(std::string_view body) {
  std::string word = ascii_lower(without_quotes(body));
  while (!word.empty() && std::string_view(".!,;").find(word.back()) != std::string_view::npos) {
    word.pop_back();
  }
  // The one letter of the catalogue's words that ASCII does not fold.
  if (word == "s\xc3\x8d") word = "sí";
  const auto is = [&](const auto& words) {
    return std::find(words.begin(), words.end(), word) != words.end();
  };
  if (is(no_words)) return Word::no;
  if (is(yes_words)) return Word::yes;
  return std::nullopt;
}

}  // namespace jidgate::component
