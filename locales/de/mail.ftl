mail-password-changed = Ihr Passwort wurde geändert
mail-password-changed-text =
    Guten Tag { $name },

    das Passwort Ihres Zugangs bei { $site } wurde am { $at } geändert.

    Waren Sie das selbst, ist nichts zu tun. Wenn nicht, sagen Sie es sofort Ihrem Administrator.
mail-reset = Anderes Passwort setzen
mail-reset-text =
    Guten Tag { $name },

    jemand, wahrscheinlich Sie, hat bei { $site } angegeben, dass Sie Ihr Passwort vergessen haben. Mit diesem Link setzen Sie ein anderes:

    { $link }

    Er gilt eine Stunde und nur einmal. Waren Sie das nicht, ist nichts zu tun: Ihr Passwort bleibt.
mail-invitation = Ihr Zugang zu { $tenant }
mail-invitation-text =
    Guten Tag { $name },

    Sie haben Zugang zu „{ $tenant }“ erhalten. Mit diesem Link setzen Sie Ihr Passwort:

    { $link }

    Er gilt sieben Tage und nur einmal. Danach melden Sie sich bei { $site } mit der Adresse an, an die diese Mail ging.
mail-second-factor-on = Zweiter Faktor eingeschaltet
mail-second-factor-on-text =
    Guten Tag { $name },

    für Ihren Zugang bei { $site } wurde am { $at } ein zweiter Faktor eingeschaltet. Die Anmeldung fragt jetzt neben dem Passwort nach einem Code oder Passkey.

    Waren Sie das nicht, sagen Sie es sofort Ihrem Administrator.
mail-passkey-added = Passkey hinzugefügt
mail-passkey-added-text =
    Guten Tag { $name },

    zu Ihrem Zugang bei { $site } wurde am { $at } ein Passkey hinzugefügt. Er ersetzt bei der Anmeldung den Code.

    Waren Sie das nicht, sagen Sie es sofort Ihrem Administrator.
mail-passkey-removed = Passkey entfernt
mail-passkey-removed-text =
    Guten Tag { $name },

    von Ihrem Zugang bei { $site } wurde am { $at } ein Passkey entfernt.

    Wissen Sie davon nichts, sagen Sie es sofort Ihrem Administrator.
mail-second-factor-off = Zweiter Faktor ausgeschaltet
mail-second-factor-off-text =
    Guten Tag { $name },

    der zweite Faktor Ihres Zugangs bei { $site } wurde am { $at } ausgeschaltet. Die Anmeldung fragt nur noch nach dem Passwort.

    Wissen Sie davon nichts, sagen Sie es sofort Ihrem Administrator.
mail-review = Zugriffsprüfung in { $tenant } fällig
mail-review-text =
    Guten Tag { $name },

    in „{ $tenant }“ sind { $due } Zuordnungen zur Prüfung fällig. Bitte bestätigen oder entziehen Sie sie:

    { $link }

    Diese E-Mail kommt höchstens einmal in der Woche, solange etwas fällig ist.

mails-title = Mails
mails-what = Worum
mails-written = Geschrieben
mails-state = Stand
mails-answer = Was sie aufhielt
mails-sent = Gesendet
mails-failed = Aufgegeben
mails-again = Wird erneut versucht
mails-waiting = Wird gesendet
mails-mail-invitation = Einladung
mails-mail-reset = Link für ein anderes Passwort
mails-mail-password-changed = Geändertes Passwort
mails-mail-review = Zugriffsprüfung
