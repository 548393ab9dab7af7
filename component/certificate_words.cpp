// SPDX-License-Identifier: GPL-3.0-or-later
// The catalogue: English, German, French, Spanish.
#include "component/certificate_words.hpp"

namespace jidgate::component {
namespace {

constexpr CertificateWords english{
    .language = "en",
    .list = "Manage certificates: list",
    .add = "Manage certificates: add",
    .disable = "Manage certificates: disable",
    .revoke = "Manage certificates: revoke",
    .list_account = "Manage certificates: list those of any account",
    .revoke_account = "Manage certificates: revoke one of any account",
    .statistics = "Manage certificates: statistics",
    .list_title = "Certificates of {account}",
    .paste =
        "Paste the certificate that a device or a program shall log in with: the text from "
        "-----BEGIN CERTIFICATE----- to -----END CERTIFICATE-----. Never paste a private key.",
    .choose_disabled =
        "Which certificate shall be disabled? Nobody can log in with it any more; "
        "sessions that are open stay open.",
    .choose_revoked =
        "Which certificate shall be revoked? Nobody can log in with it any more, and "
        "its sessions are ended. This cannot be undone.",
    .choose_account = "Whose certificates?",
    .name = "Name",
    .state = "State",
    .expires = "Expires",
    .fingerprint = "SHA-256 fingerprint",
    .can_manage = "May manage certificates",
    .certificate = "Certificate (PEM or Base64)",
    .account = "Account",
    .accounts = "Accounts",
    .active = "active",
    .disabled = "disabled",
    .revoked = "revoked",
    .expired = "expired",
    .yes = "yes",
    .no = "no",
    .line = "{name}: {details}",
    .details = "{state}, expires {date}, SHA-256 {fingerprint}",
    .no_management = ", may not manage certificates",
    .none = "There are no certificates.",
    .more = "{count} more are not shown.",
    .was_added = "“{name}” is registered. It can be used to log in until {date}.",
    .was_disabled = "“{name}” is disabled.",
    .was_revoked = "“{name}” is revoked.",
    .private_key =
        "This text holds a private key. Nothing was registered, and nothing of it was "
        "kept. A private key should never leave its device: make a new one there, and "
        "paste only its certificate.",
    .wrong_field = "This field is missing or cannot be read: {name}",
    .forbidden = "You are logged in with a certificate that may not manage certificates.",
    .busy = "Too much is going on. Please try again later.",
    .malformed = "This cannot be registered:",
    .not_acceptable = "This certificate is not accepted:",
    .conflict = "This is taken already:",
    .unknown = "This certificate does not exist:",
    .full = "There is no room for another certificate:",
    .away = "The certificates cannot be reached just now. Please try again later.",
    .told_added =
        "A certificate was registered for {account}. Whoever has its key can log in "
        "without the password.",
    .told_expiring =
        "A certificate of {account} expires soon. After that, nobody can log in with "
        "it.",
    .told_what = "Name: {name}\nSHA-256: {fingerprint}…\nExpires: {date}",
    .told_may_manage = "It may manage certificates.",
    .do_added =
        "If this was not you, revoke it and change your password. To revoke it, choose "
        "“{command}” among the commands of {host}, or open {link}",
    .do_expiring =
        "Register a new one in time: choose “{command}” among the commands of {host}, "
        "or open {link}",
};

constexpr CertificateWords german{
    .language = "de",
    .list = "Zertifikate verwalten: auflisten",
    .add = "Zertifikate verwalten: hinzufügen",
    .disable = "Zertifikate verwalten: abschalten",
    .revoke = "Zertifikate verwalten: widerrufen",
    .list_account = "Zertifikate verwalten: die eines beliebigen Kontos auflisten",
    .revoke_account = "Zertifikate verwalten: eines eines beliebigen Kontos widerrufen",
    .statistics = "Zertifikate verwalten: Statistik",
    .list_title = "Zertifikate von {account}",
    .paste =
        "Fügen Sie das Zertifikat ein, mit dem sich ein Gerät oder Programm anmelden soll: "
        "den Text von -----BEGIN CERTIFICATE----- bis -----END CERTIFICATE-----. Fügen Sie "
        "niemals einen privaten Schlüssel ein.",
    .choose_disabled =
        "Welches Zertifikat soll abgeschaltet werden? Niemand kann sich danach noch "
        "damit anmelden; offene Sitzungen bleiben offen.",
    .choose_revoked =
        "Welches Zertifikat soll widerrufen werden? Niemand kann sich danach noch "
        "damit anmelden, und seine Sitzungen werden beendet. Das lässt sich nicht "
        "rückgängig machen.",
    .choose_account = "Wessen Zertifikate?",
    .name = "Name",
    .state = "Zustand",
    .expires = "Läuft ab",
    .fingerprint = "SHA-256-Fingerabdruck",
    .can_manage = "Darf Zertifikate verwalten",
    .certificate = "Zertifikat (PEM oder Base64)",
    .account = "Konto",
    .accounts = "Konten",
    .active = "aktiv",
    .disabled = "abgeschaltet",
    .revoked = "widerrufen",
    .expired = "abgelaufen",
    .yes = "ja",
    .no = "nein",
    .line = "{name}: {details}",
    .details = "{state}, läuft ab am {date}, SHA-256 {fingerprint}",
    .no_management = ", darf keine Zertifikate verwalten",
    .none = "Es gibt keine Zertifikate.",
    .more = "{count} weitere werden nicht gezeigt.",
    .was_added = "„{name}“ ist registriert. Damit kann man sich bis {date} anmelden.",
    .was_disabled = "„{name}“ ist abgeschaltet.",
    .was_revoked = "„{name}“ ist widerrufen.",
    .private_key =
        "Dieser Text enthält einen privaten Schlüssel. Es wurde nichts registriert und "
        "nichts davon behalten. Ein privater Schlüssel sollte sein Gerät nie verlassen: "
        "Erzeugen Sie dort einen neuen, und fügen Sie nur sein Zertifikat ein.",
    .wrong_field = "Dieses Feld fehlt oder ist nicht lesbar: {name}",
    .forbidden = "Sie sind mit einem Zertifikat angemeldet, das keine Zertifikate verwalten darf.",
    .busy = "Es ist gerade zu viel los. Bitte versuchen Sie es später noch einmal.",
    .malformed = "Das kann nicht registriert werden:",
    .not_acceptable = "Dieses Zertifikat wird nicht angenommen:",
    .conflict = "Das ist bereits vergeben:",
    .unknown = "Dieses Zertifikat gibt es nicht:",
    .full = "Für ein weiteres Zertifikat ist kein Platz:",
    .away =
        "Die Zertifikate sind gerade nicht erreichbar. Bitte versuchen Sie es später noch "
        "einmal.",
    .told_added =
        "Für {account} wurde ein Zertifikat registriert. Wer den Schlüssel dazu hat, "
        "kann sich ohne Passwort anmelden.",
    .told_expiring =
        "Ein Zertifikat von {account} läuft bald ab. Danach kann sich niemand mehr "
        "damit anmelden.",
    .told_what = "Name: {name}\nSHA-256: {fingerprint}…\nLäuft ab: {date}",
    .told_may_manage = "Es darf Zertifikate verwalten.",
    .do_added =
        "Wenn Sie das nicht waren, widerrufen Sie es und ändern Sie Ihr Passwort. Zum "
        "Widerrufen wählen Sie „{command}“ unter den Befehlen von {host} oder öffnen Sie "
        "{link}",
    .do_expiring =
        "Registrieren Sie rechtzeitig ein neues: Wählen Sie „{command}“ unter den "
        "Befehlen von {host} oder öffnen Sie {link}",
};

constexpr CertificateWords french{
    .language = "fr",
    .list = "Gérer les certificats : lister",
    .add = "Gérer les certificats : ajouter",
    .disable = "Gérer les certificats : désactiver",
    .revoke = "Gérer les certificats : révoquer",
    .list_account = "Gérer les certificats : lister ceux d’un compte quelconque",
    .revoke_account = "Gérer les certificats : en révoquer un d’un compte quelconque",
    .statistics = "Gérer les certificats : statistiques",
    .list_title = "Certificats de {account}",
    .paste =
        "Collez le certificat avec lequel un appareil ou un programme doit se connecter : le "
        "texte de -----BEGIN CERTIFICATE----- à -----END CERTIFICATE-----. Ne collez jamais "
        "de clé privée.",
    .choose_disabled =
        "Quel certificat faut-il désactiver ? Plus personne ne pourra se connecter "
        "avec ; les sessions ouvertes le restent.",
    .choose_revoked =
        "Quel certificat faut-il révoquer ? Plus personne ne pourra se connecter "
        "avec, et ses sessions seront fermées. C’est irréversible.",
    .choose_account = "Les certificats de qui ?",
    .name = "Nom",
    .state = "État",
    .expires = "Expire",
    .fingerprint = "Empreinte SHA-256",
    .can_manage = "Peut gérer les certificats",
    .certificate = "Certificat (PEM ou Base64)",
    .account = "Compte",
    .accounts = "Comptes",
    .active = "actif",
    .disabled = "désactivé",
    .revoked = "révoqué",
    .expired = "expiré",
    .yes = "oui",
    .no = "non",
    .line = "{name} : {details}",
    .details = "{state}, expire le {date}, SHA-256 {fingerprint}",
    .no_management = ", ne peut pas gérer les certificats",
    .none = "Il n’y a pas de certificat.",
    .more = "{count} de plus ne sont pas affichés.",
    .was_added = "« {name} » est enregistré. Il permet de se connecter jusqu’au {date}.",
    .was_disabled = "« {name} » est désactivé.",
    .was_revoked = "« {name} » est révoqué.",
    .private_key =
        "Ce texte contient une clé privée. Rien n’a été enregistré et rien n’en a été "
        "conservé. Une clé privée ne devrait jamais quitter son appareil : créez-en une "
        "nouvelle là-bas et ne collez que son certificat.",
    .wrong_field = "Ce champ manque ou est illisible : {name}",
    .forbidden = "Vous êtes connecté avec un certificat qui ne peut pas gérer les certificats.",
    .busy = "Il y a trop d’activité. Veuillez réessayer plus tard.",
    .malformed = "Ceci ne peut pas être enregistré :",
    .not_acceptable = "Ce certificat n’est pas accepté :",
    .conflict = "Ceci est déjà pris :",
    .unknown = "Ce certificat n’existe pas :",
    .full = "Il n’y a pas de place pour un autre certificat :",
    .away = "Les certificats sont inaccessibles pour le moment. Veuillez réessayer plus tard.",
    .told_added =
        "Un certificat a été enregistré pour {account}. Quiconque possède sa clé peut se "
        "connecter sans le mot de passe.",
    .told_expiring =
        "Un certificat de {account} expire bientôt. Ensuite, plus personne ne pourra "
        "se connecter avec.",
    .told_what = "Nom : {name}\nSHA-256 : {fingerprint}…\nExpire : {date}",
    .told_may_manage = "Il peut gérer les certificats.",
    .do_added =
        "Si ce n’est pas vous, révoquez-le et changez votre mot de passe. Pour le révoquer, "
        "choisissez « {command} » parmi les commandes de {host}, ou ouvrez {link}",
    .do_expiring =
        "Enregistrez-en un nouveau à temps : choisissez « {command} » parmi les "
        "commandes de {host}, ou ouvrez {link}",
};

constexpr CertificateWords spanish{
    .language = "es",
    .list = "Gestionar certificados: listar",
    .add = "Gestionar certificados: añadir",
    .disable = "Gestionar certificados: desactivar",
    .revoke = "Gestionar certificados: revocar",
    .list_account = "Gestionar certificados: listar los de cualquier cuenta",
    .revoke_account = "Gestionar certificados: revocar uno de cualquier cuenta",
    .statistics = "Gestionar certificados: estadísticas",
    .list_title = "Certificados de {account}",
    .paste =
        "Pegue el certificado con el que un dispositivo o un programa debe iniciar sesión: el "
        "texto desde -----BEGIN CERTIFICATE----- hasta -----END CERTIFICATE-----. No pegue "
        "nunca una clave privada.",
    .choose_disabled =
        "¿Qué certificado quiere desactivar? Nadie podrá iniciar sesión con él; las "
        "sesiones abiertas siguen abiertas.",
    .choose_revoked =
        "¿Qué certificado quiere revocar? Nadie podrá iniciar sesión con él y sus "
        "sesiones se cerrarán. No se puede deshacer.",
    .choose_account = "¿De quién son los certificados?",
    .name = "Nombre",
    .state = "Estado",
    .expires = "Caduca",
    .fingerprint = "Huella SHA-256",
    .can_manage = "Puede gestionar certificados",
    .certificate = "Certificado (PEM o Base64)",
    .account = "Cuenta",
    .accounts = "Cuentas",
    .active = "activo",
    .disabled = "desactivado",
    .revoked = "revocado",
    .expired = "caducado",
    .yes = "sí",
    .no = "no",
    .line = "{name}: {details}",
    .details = "{state}, caduca el {date}, SHA-256 {fingerprint}",
    .no_management = ", no puede gestionar certificados",
    .none = "No hay certificados.",
    .more = "Hay {count} más que no se muestran.",
    .was_added = "«{name}» está registrado. Sirve para iniciar sesión hasta el {date}.",
    .was_disabled = "«{name}» está desactivado.",
    .was_revoked = "«{name}» está revocado.",
    .private_key =
        "Este texto contiene una clave privada. No se ha registrado nada ni se ha "
        "guardado nada de él. Una clave privada no debería salir nunca de su "
        "dispositivo: cree allí una nueva y pegue solo su certificado.",
    .wrong_field = "Este campo falta o no se puede leer: {name}",
    .forbidden = "Ha iniciado sesión con un certificado que no puede gestionar certificados.",
    .busy = "Hay demasiada actividad. Inténtelo de nuevo más tarde.",
    .malformed = "Esto no se puede registrar:",
    .not_acceptable = "Este certificado no se acepta:",
    .conflict = "Esto ya está en uso:",
    .unknown = "Este certificado no existe:",
    .full = "No hay sitio para otro certificado:",
    .away = "Los certificados no están disponibles en este momento. Inténtelo de nuevo más tarde.",
    .told_added =
        "Se ha registrado un certificado para {account}. Quien tenga su clave puede "
        "iniciar sesión sin la contraseña.",
    .told_expiring =
        "Un certificado de {account} caduca pronto. Después nadie podrá iniciar "
        "sesión con él.",
    .told_what = "Nombre: {name}\nSHA-256: {fingerprint}…\nCaduca: {date}",
    .told_may_manage = "Puede gestionar certificados.",
    .do_added =
        "Si no ha sido usted, revóquelo y cambie su contraseña. Para revocarlo, elija "
        "«{command}» entre los comandos de {host} o abra {link}",
    .do_expiring =
        "Registre uno nuevo a tiempo: elija «{command}» entre los comandos de {host} o "
        "abra {link}",
};

}  // namespace

const CertificateWords& certificate_words(std::string_view language) {
  for (const CertificateWords* words : {&german, &french, &spanish}) {
    if (words->language == language) return *words;
  }
  return english;
}

}  // namespace jidgate::component
