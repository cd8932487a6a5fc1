users-name = Name
users-name-help = Nur nötig, wenn die Person neu ist.
users-roles = Rollen
users-roles-help = Ohne Rolle hat der Benutzer keinen Zugang zu diesem Mandanten.
users-roles-missing = Wählen Sie mindestens eine Rolle.
users-own-roles = Niemand ändert seine eigenen Rollen.
last-administrator = Ein Mandant behält mindestens einen Administrator.
users-home = Heimatmandant
users-state = Zustand
users-active = aktiv
users-inactive = inaktiv
users-last-login = Letzte Anmeldung
users-never = nie
users-new = Benutzer hinzufügen
users-new-intro = Wer hinzukommt, hat Zugang zu „{ $tenant }“ und zu sonst nichts.
users-add = Benutzer hinzufügen
users-empty = Es gibt noch keine Benutzer.
users-password = Anfangspasswort
users-password-help = Nur für neue Benutzer. Bleibt es leer, kommt per Mail eine Einladung, über die der neue Benutzer ein Passwort setzt.
users-change-roles = Rollen ändern
role-administrator = Administrator
role-editor = Redakteur
role-viewer = Betrachter
said-user-added = { $email } hat jetzt Zugang.
profile-title = Profil
profile-theme = Erscheinungsbild
theme-auto = Wie das Gerät
theme-light = Hell
theme-dark = Dunkel
profile-password = Passwort ändern
profile-old-password = Bisheriges Passwort
profile-new-password = Neues Passwort
profile-password-help = Bleibt es leer, gilt das alte weiter. Mit der Änderung enden andere Sitzungen.
profile-old-wrong = Das ist nicht Ihr bisheriges Passwort.
users-home-elsewhere = ein anderer Mandant
users-not-ours = Dieser Benutzer ist in einem anderen Mandanten zu Hause; das dürfen nur dessen Administratoren oder die darüber.
users-holds-more = Dieser Benutzer hat hier mehr Rechte als Sie. Das kann nur jemand tun, der ebenso viele hat.
users-own-account = Das tut niemand bei sich selbst. Was Sie ändern können, steht in Ihrem Profil.
users-edit = Name und E-Mail ändern
users-email-help = Mit dieser Adresse meldet sich der Benutzer an.
users-email-taken = Mit dieser Adresse meldet sich schon jemand anderes an.
users-changed-meanwhile = Inzwischen hat jemand anderes diesen Benutzer geändert: Name „{ $name }“, E-Mail „{ $email }“. Wenn Sie erneut speichern, ersetzen Sie das.
users-roles-meanwhile = Inzwischen hat jemand anderes die Rollen geändert. Sehen Sie sie noch einmal an; wenn Sie erneut speichern, ersetzen Sie sie.
users-set-password = Passwort setzen
users-set-password-help = Mindestens 10 Zeichen; geben Sie es selbst weiter. Alle Sitzungen dieses Benutzers enden.
users-deactivate = Deaktivieren
users-deactivate-help = { $name } kann sich bei keinem Mandanten mehr anmelden, und alle Sitzungen enden. Die Rollen bleiben für den Fall, dass Sie den Benutzer wieder aktivieren.
users-activate = Aktivieren
users-activate-help = { $name } kann sich wieder anmelden, mit den Rollen von vorher.
users-end-sessions = Alle Sitzungen beenden
users-created = Angelegt
users-place = Mandant
users-places = Zuordnungen zu Mandanten
users-places-none = Hier und darunter keine Zuordnung.
users-since = Seit
users-log-ins = Letzte Anmeldungen
users-search = Name oder E-Mail
users-role = Rolle
users-any = Alle
users-where = Wo
users-here = In diesem Mandanten
users-below = Zu Hause in untergeordneten Mandanten
users-count = { $n ->
    [one] ein Benutzer
   *[other] { $n } Benutzer
}
users-clear = Alle zeigen
users-no-match = Niemand passt dazu.
said-user-activated = { $name } kann sich wieder anmelden.
said-user-deactivated = { $name } ist deaktiviert und abgemeldet.
said-user-removed = { $name } hat hier keinen Zugang mehr.
said-roles-changed = Die Rollen von { $name } sind gespeichert.
said-password-set = Das Passwort ist gesetzt, und die Sitzungen des Benutzers sind beendet.
said-sessions-ended = Beendet.
sessions-title = Sitzungen
sessions-intro = Wo Sie angemeldet sind. Beenden Sie, was Sie nicht kennen, und ändern Sie dann Ihr Passwort.
sessions-device = Gerät
sessions-device-name = { $browser } unter { $system }
sessions-device-unknown = unbekannt
sessions-address = Netzwerkadresse
sessions-since = Seit
sessions-seen = Zuletzt gesehen
sessions-own = diese
sessions-end = Beenden
sessions-end-others = Alle anderen beenden
sessions-none = Nirgends angemeldet.
membership-rights = Einzelne Rechte
membership-rights-help = Zusätzlich zu denen der Rollen. Brauchen mehrere dasselbe, ist eine Rolle besser.
membership-by-role = durch die Rolle { $role }
membership-from = Ab
membership-from-help = Der erste Tag; leer heißt ab sofort.
membership-until = Bis
membership-until-help = Der letzte Tag; leer heißt ohne Ende.
membership-dates = Der letzte Tag liegt vor dem ersten.
membership-day-unreadable = Geben Sie einen Tag an.
users-singles = { $n ->
    [one] ein einzelnes Recht
   *[other] { $shown } einzelne Rechte
}
users-from = ab { $at }
users-until = bis { $at }
users-invited = eingeladen
users-password-help-link = Nur für neue Benutzer. Bleibt es leer, erhalten Sie einen Link zum Weitergeben, über den der neue Benutzer ein Passwort setzt.
invitation-card = Einladung
invitation-open-mailed = Per Mail eingeladen, noch nicht angenommen. Der Link gilt bis { $until }.
invitation-open = Mit einem Link zum Weitergeben eingeladen, noch nicht angenommen. Der Link gilt bis { $until }.
invitation-withdrawn = Die Einladung wurde zurückgezogen. Ohne Passwort kann sich dieser Benutzer nicht anmelden.
invitation-over = Die Einladung wurde bis { $until } nicht angenommen.
invitation-none = Dieser Benutzer hat kein Passwort und ist nicht eingeladen.
invitation-send = Einladung per Mail schicken
invitation-link = Link zum Weitergeben
invitation-withdraw = Einladung zurückziehen
invitation-hand-over = Den Link mir zeigen, statt ihn per Mail zu schicken
invitation-made = Link zum Weitergeben
invitation-made-intro = Mit diesem Link setzt { $name } ein Passwort. Er wird nur jetzt gezeigt, gilt einmal und sieben Tage lang; geben Sie ihn auf sicherem Weg weiter. Frühere Links öffnen nichts mehr.
invitation-made-link = Link
invitation-made-done = Ich habe ihn
invitation-not-needed = Dieser Benutzer hat schon ein Passwort.
said-user-invited = { $email } hat jetzt Zugang und ist per Mail eingeladen.
said-invited = Die Einladung ist unterwegs.
said-invitation-accepted = Der Benutzer hat schon ein Passwort.
said-invitation-withdrawn = Die Einladung öffnet nichts mehr.
users-why = Rechte hier, und warum
users-can = Erlaubt
users-because = Weil
why-can = { $name } darf das in { $tenant }: { $right }
why-cannot = { $name } darf das nicht in { $tenant }: { $right }
why-single = durch ein einzelnes Recht
why-not-granted = weder eine Rolle noch ein einzelnes Recht gibt es
why-no-place = keine Zuordnung hier
why-inactive = deaktiviert
why-not-yet = die Zuordnung beginnt am { $at }
why-over = die Zuordnung endete am { $at }
why-ceiling = { $tenant } darf es nicht, so ist es von oben gesetzt
why-ask = Geben könnten es: { $names }.
why-ask-above = Nur die Administratoren oberhalb können es diesem Mandanten geben.
why-ask-nobody = Hier hat es niemand sonst, der es geben dürfte.
why-only-can = was erlaubt ist
why-only-cannot = was nicht erlaubt ist
users-right = Wer darf
users-see-as = Sehen wie dieser Benutzer
second-factor-title = Zweiter Faktor
second-factor-code = Code
second-factor-off = Mit einem zweiten Faktor fragt die Anmeldung neben dem Passwort nach einem Code. Eine Authenticator-App auf Ihrem Telefon zeigt ihn. Wer Ihr Passwort erfährt, kann sich damit allein nicht anmelden.
second-factor-asked = Dieser Mandant verlangt einen zweiten Faktor. Schalten Sie ihn ein, dann kommen Sie hinein: Die Anmeldung fragt künftig neben dem Passwort nach einem Code, den eine Authenticator-App auf Ihrem Telefon zeigt.
second-factor-begin = Beginnen
second-factor-scan = Scannen Sie das Bild mit Ihrer Authenticator-App und geben Sie dann den Code ein, den die App zeigt.
second-factor-picture = QR-Code mit dem Schlüssel für die Authenticator-App; derselbe steht darunter als Text
second-factor-letters = Oder geben Sie diesen Schlüssel in die App ein:
second-factor-confirm = Einschalten
second-factor-again = Anderer Schlüssel
second-factor-again-title = Von vorn beginnen
second-factor-on = Eingeschaltet seit { $since }. Es sind noch { $codes } Wiederherstellungscodes übrig.
second-factor-renew-title = Neue Wiederherstellungscodes
second-factor-renew = Neue Codes erzeugen
second-factor-end-title = Ausschalten
second-factor-end = Ausschalten
second-factor-end-help = Der App, oder ein Wiederherstellungscode.
second-factor-codes = Wiederherstellungscodes
second-factor-codes-intro = Mit einem dieser Codes melden Sie sich an, wenn die App weg ist. Jeder gilt einmal. Sie werden nur jetzt gezeigt: Bewahren Sie sie dort auf, wo Sie sie ohne Ihr Telefon finden.
second-factor-codes-done = Ich habe sie aufbewahrt
second-factor-wrong = Das ist nicht der Code, den die App jetzt zeigt. Jeder Code gilt einmal; warten Sie auf den nächsten.
second-factor-is-on = Der zweite Faktor ist schon eingeschaltet.
said-second-factor-off = Der zweite Faktor ist ausgeschaltet.
devices-title = Vertraute Geräte
devices-none = Die Anmeldung fragt auf jedem Gerät nach einem Code.
devices-until = Bis
said-device-ended = Auf diesem Gerät fragt die Anmeldung wieder nach einem Code.
users-second-factor-reset = Zweiten Faktor zurücksetzen
users-second-factor-help = { $name } meldet sich allein mit dem Passwort an, bis wieder ein zweiter Faktor eingeschaltet ist. Alle Sitzungen enden. Vergewissern Sie sich, dass wirklich { $name } darum bittet.
said-second-factor-reset = Der zweite Faktor ist zurückgesetzt, und die Sitzungen sind beendet.
users-matrix = Rollen je Benutzer
users-matrix-intro = Rollen untereinander, Benutzer nebeneinander. Gesperrte Zellen sind Ihre eigenen, oder die Rolle hat mehr Rechte als Sie.
users-matrix-none = Kein Benutzer oder keine Rolle passt dazu.
users-matrix-beyond = Diese Rolle hat Rechte, die Sie nicht haben.
users-with-role = Benutzer mit der Rolle
users-compare = Zwei Benutzer vergleichen
users-one = Erster Benutzer (E-Mail)
users-other = Zweiter Benutzer (E-Mail)
users-compare-nobody = Niemand hier hat diese Adresse.
users-bulk-give = Rolle geben
users-bulk-take = Rolle nehmen
users-bulk-until = Letzten Tag setzen
users-bulk-compare = Vergleichen (zwei)
users-bulk-role-missing = Wählen Sie eine Rolle.
users-bulk-concerns = { $n ->
    [one] Das betrifft einen Benutzer.
   *[other] Das betrifft { $shown } Benutzer.
}
users-bulk-why = Abgelehnt, weil
users-bulk-many = Höchstens 100 Benutzer auf einmal.
users-bulk-gone = Keine Zuordnung hier.
users-bulk-refused = Erledigt für { $done }, abgelehnt für { $refused }: die Tabelle nennt den Grund.
said-users-bulk = Erledigt für { $users }.
said-users-none-chosen = Wählen Sie zuerst Benutzer.
said-users-choose-two = Wählen Sie zwei Benutzer zum Vergleichen.
users-only-no-factor = ohne zweiten Faktor
users-only-ends = { $n ->
    [one] deren Zuordnung binnen eines Tages endet
   *[other] deren Zuordnung binnen { $shown } Tagen endet
}
users-only-idle = { $n ->
    [one] seit einem Tag nicht angemeldet
   *[other] seit { $shown } Tagen nicht angemeldet
}
users-former = Ehemaliger Benutzer { $number }
users-anonymise = Anonymisieren
users-anonymise-what = Das lässt sich nicht rückgängig machen. Von { $name } gehen Name, E-Mail-Adresse, Passwort, zweiter Faktor, Sitzungen, Tokens und Einstellungen, und was ihn oder sie in den Protokollen benennt. Es bleibt eine Nummer, damit im Protokoll weiter zu sehen ist, was von derselben Person stammt. Die E-Mail-Adresse ist frei für ein neues Konto.
users-anonymise-places = { $n ->
    [0] Es gibt keine Zuordnung, die endet.
    [one] Eine Zuordnung endet.
   *[other] { $shown } Zuordnungen enden.
  }
users-anonymise-sure = Zur Sicherheit die E-Mail-Adresse eingeben: { $email }
users-anonymise-wrong = Das ist nicht die E-Mail-Adresse.
users-anonymise-now = Endgültig anonymisieren
said-user-anonymised = { $name } ist anonymisiert.
review-title = Zugriffsprüfung
nav-access-review = Zugriffsprüfung
review-intro-every = { $n ->
    [one] Jede Zuordnung zu diesem Mandanten ist jeden Monat zu bestätigen, von jemand anderem, der sie geben könnte.
   *[other] Jede Zuordnung zu diesem Mandanten ist alle { $shown } Monate zu bestätigen, von jemand anderem, der sie geben könnte.
  }
review-intro-never = Wer arbeitet in diesem Mandanten, und wer braucht das noch? Unter Einstellungen der Prüfung legen Sie fest, wie oft jede Zuordnung zu bestätigen ist.
review-which = Zeigen
review-which-due = Prüfung fällig
review-which-never = Nie genutzt
review-which-elsewhere = Aus anderen Heimatmandanten
review-count = { $n ->
    [one] Eine Zuordnung
   *[other] { $shown } Zuordnungen
  }
review-none = Keine Zuordnung passt.
review-all = Alle zeigen
review-granted = Gegeben
review-used = Hier zuletzt genutzt
review-confirmed = Zuletzt bestätigt
review-never = nie
review-by = { $at } von { $name }
review-due = Fällig
review-fine = In Ordnung
review-elsewhere = in einem anderen Mandanten zu Hause
review-confirm = Bestätigen
review-withdraw = Entziehen
review-withdraw-help = { $n ->
    [one] Diese Zuordnung endet sofort, samt ihren Tokens. Das Konto und Zuordnungen zu anderen Mandanten bleiben.
   *[other] Diese Zuordnungen enden sofort, samt ihren Tokens. Die Konten und Zuordnungen zu anderen Mandanten bleiben.
  }
review-own = Ihre eigene Zuordnung bestätigt jemand anderes.
review-changed = Jemand hat sie inzwischen geändert.
said-review-none-chosen = Es war nichts ausgewählt.
review-report = Bericht
review-report-intro = Stand { $at }, für { $name }: { $places } Zuordnungen, davon { $due } zur Prüfung fällig.
review-settings = Einstellungen der Prüfung
review-months = Monate zwischen zwei Prüfungen
review-months-help = { $least } bis { $most }; leer lassen für keine. Wer Zugriffe prüfen darf, wird per E-Mail einmal in der Woche erinnert, solange etwas fällig ist.
review-months-range = Geben Sie eine ganze Zahl von { $least } bis { $most } ein oder nichts.
review-days = Tage, nach denen ein ungenutztes Konto deaktiviert wird
review-days-help = { $least } bis { $most }; leer lassen für nie. Es betrifft Konten, die in diesem Mandanten zu Hause sind. Der letzte Administrator eines Mandanten bleibt aktiv.
review-days-range = Geben Sie eine ganze Zahl von { $least } bis { $most } ein oder nichts.
said-review-confirmed = Bestätigt: { $done }.
said-review-withdrawn = Entzogen: { $done }.
said-review-confirmed-some = Bestätigt: { $done }, nicht: { $left }. { $why }
said-review-withdrawn-some = Entzogen: { $done }, nicht: { $left }. { $why }
pending-title = Rechte bestätigen
nav-pending = Rechte bestätigen
pending-intro = Rechte, die als kritisch markiert sind, gelten erst, wenn eine andere Person, die sie geben könnte, es bestätigt.
pending-none = Nichts wartet auf eine zweite Person.
pending-asked = Gegeben von { $name } am { $at }. Gilt ab { $until } als abgelehnt.
pending-confirm = Bestätigen
pending-decline = Ablehnen
pending-own-place = Es sind Ihre eigenen Rechte: Jemand anderes entscheidet.
pending-own-gift = Sie haben sie selbst gegeben: Jemand anderes entscheidet.
said-pending-changed = Inzwischen hat sich etwas geändert. So steht es jetzt.
pending-held = Wartet auf eine zweite Person
pending-waiting = { $n ->
    [one] Kritische Rechte eines Benutzers warten auf Bestätigung.
   *[other] Kritische Rechte von { $shown } Benutzern warten auf Bestätigung.
  }
said-pending-confirmed = Die Rechte gelten.
said-pending-declined = Die Rechte sind abgelehnt. Sie bleiben ohne Wirkung, bis sie genommen und neu gegeben werden.
critical-title = Kritische Rechte
critical-rights = Kritische Rechte
critical-intro = Wer eines dieser Rechte bekommt, durch eine Rolle, einzeln, durch eine geänderte Rolle oder auf anderem Weg, hat es erst, wenn eine andere Person es bestätigt. Mehr zu markieren gilt sofort; weniger zu markieren bestätigt ebenfalls eine andere Person. Wer ein Recht schon hat, behält es.
critical-suggested = empfohlen
critical-around = kritisch im Mandanten darum
critical-leaving = soll nicht mehr kritisch sein
critical-fewer = { $name } möchte, dass diese Rechte nicht mehr kritisch sind, seit { $at }:
critical-keep = Kritisch lassen
critical-needs-two = Weniger als zwei Personen dürfen hier ohne Enddatum Benutzer ändern: Niemand könnte bestätigen, was die andere gibt.
why-pending = eine zweite Person hat es noch nicht bestätigt
why-declined = eine zweite Person hat es abgelehnt, oder niemand hat es rechtzeitig bestätigt
said-refused = Nicht getan: { $why }
