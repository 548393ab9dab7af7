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
      "The request was given up. There is nothing left to answer.",
      "Your OK could be for more than one request. Please reply with the code of the one you mean.",
      "I only ask about web requests. When I ask you about one, reply as the question says."}},
    {"de",
     "Jemand unter der Adresse {asker} möchte Folgendes öffnen:\n{method} {url}\n",
     "Der Code dieser Anfrage lautet: {code}\nWenn Sie das waren, antworten Sie mit OK, "
     "andernfalls "
     "mit Nein.\nDie Frage ist bis {until} offen.",
     "Wenn Sie das waren, antworten Sie mit dem Code, der auf Ihrem Bildschirm steht, andernfalls "
     "mit Nein.\nDie Frage ist bis {until} offen.",
     {"Diese Anfrage ist bereits beendet; Ihre Antwort hat nichts bewirkt.",
      "Die Anfrage wurde abgebrochen. Sie brauchen nicht mehr zu antworten.",
      "Ihr OK könnte für mehr als eine Anfrage gelten. Bitte antworten Sie mit dem Code "
      "derjenigen, "
      "die Sie meinen.",
      "Ich frage nur nach Web-Anfragen. Wenn ich Sie nach einer frage, antworten Sie bitte so, wie "
      "es in der Frage steht."}},
    {"fr",
     "Quelqu’un à l’adresse {asker} souhaite ouvrir :\n{method} {url}\n",
     "Le code de cette demande est : {code}\nSi c’est vous, répondez OK. Sinon, répondez "
     "Non.\nLa question reste ouverte jusqu’à {until}.",
     "Si c’est vous, répondez par le code affiché sur votre écran. Sinon, répondez Non.\nLa "
     "question reste ouverte jusqu’à {until}.",
     {"Cette demande est déjà terminée ; votre réponse n’a rien changé.",
      "La demande a été abandonnée. Il n’y a plus rien à répondre.",
      "Votre OK peut concerner plusieurs demandes. Veuillez répondre par le code de celle que vous "
      "confirmez.",
      "Je ne pose de questions que sur des demandes web. Quand je vous interroge, répondez comme "
      "l’indique la question."}},
    {"es",
     "Alguien desde la dirección {asker} quiere abrir:\n{method} {url}\n",
     "El código de esta solicitud es: {code}\nSi ha sido usted, responda OK. Si no, responda "
     "No.\nLa pregunta está abierta hasta las {until}.",
     "Si ha sido usted, responda con el código que aparece en su pantalla. Si no, responda No.\nLa "
     "pregunta está abierta hasta las {until}.",
     {"Esta solicitud ya ha terminado; su respuesta no ha cambiado nada.",
      "La solicitud se ha cancelado. Ya no hay nada que responder.",
      "Su OK podría referirse a más de una solicitud. Responda con el código de la que confirma.",
      "Solo pregunto por solicitudes web. Cuando le pregunte por una, responda como indica la "
      "pregunta."}},
}};

// "sí" also as the keyboards write it that send letter and accent one by one.
constexpr std::array<std::string_view, 10> yes_words{"ok", "okay",     "yes", "ja",   "oui",
                                                     "sí", "si\u0301", "si",  "vale", "o.k"};
constexpr std::array<std::string_view, 4> no_words{"no", "nein", "non", "nope"};

std::string fill(std::string_view text, const PromptValues& values) {
  return fill_in(text, {{"asker", values.asker},
                        {"method", values.method},
                        {"url", values.url},
                        {"code", values.code},
                        {"until", values.until}});
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
