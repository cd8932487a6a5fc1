recipients-title = Empfänger
recipients-count = { $shown } Empfänger
recipients-about = etwa { $shown } Empfänger
recipients-search = Adresse oder Name
recipients-list = Mailingliste
recipients-any-list = Beliebig
recipients-status = Status auf der Liste
recipients-any-status = Beliebig
recipients-find = Suchen
recipients-filter = Nach Feldern filtern
recipients-rule = Regel
recipients-rule-help = Zum Beispiel: last_name = 'Müller' and not (language = 'en')
recipients-apply-rule = Regel anwenden
recipients-add-condition = Bedingung hinzufügen
recipients-conditions = Bedingungen
recipients-take-off = Entfernen:
recipients-field = Feld
recipients-operator = Vergleich
recipients-value = Wert
recipients-columns = Spalten
recipients-columns-intro = Ihre Liste zeigt diese Spalten; andere wählen für sich selbst.
recipients-export = Exportieren
recipients-import = Empfänger importieren
recipients-clear = Alle zeigen
recipients-none = Es gibt noch keine Empfänger.
recipients-no-match = Kein Empfänger passt.
recipients-rule-faulty = Die Regel lässt sich so nicht anwenden.
recipient-new = Neuer Empfänger

operator-contains = enthält
operator-contains-not = enthält nicht
operator-starts-with = beginnt mit
operator-ends-with = endet mit
operator-empty = ist leer
operator-filled = ist ausgefüllt

status-active = aktiv
status-waiting = wartet auf Bestätigung
status-unsubscribed-user = vom Empfänger abgemeldet
status-unsubscribed-admin = vom Administrator abgemeldet
status-bounced = unzustellbar
status-blocked = gesperrt

value-yes = ja
value-no = nein

bulk-which = Welche
bulk-chosen = Die ausgewählten
bulk-all = Alle, die passen
bulk-act = Aktion
bulk-set = Ein Feld setzen
bulk-subscribe = Auf eine Liste setzen
bulk-unsubscribe = Von einer Liste abmelden
bulk-delete = Löschen
bulk-go-on = Weiter

recipient-create = Empfänger anlegen
recipient-edit = Empfänger ändern
recipient-delete = Empfänger löschen
recipient-delete-intro = { $email } wird mit Abonnements und Verlauf gelöscht. Das lässt sich nicht rückgängig machen.
recipient-delete-lists = { $email } verlässt die Mailinglisten dieses Mandanten. Anderswo bleibt der Empfänger.
recipient-required = Das ist ein Pflichtfeld.
recipient-taken = Ein anderer Empfänger hat diesen Wert.
recipient-refused = Dieser Wert passt nicht zum Feld.
recipient-wrong-text = Der Text ist zu lang oder enthält Zeichen, die sich nicht speichern lassen.
recipient-wrong-integer = Das ist keine ganze Zahl.
recipient-wrong-decimal = Das ist keine Zahl oder hat zu viele Stellen.
recipient-wrong-boolean = Wählen Sie ja oder nein.
recipient-wrong-date = Das ist kein Datum.
recipient-wrong-datetime = Das ist kein Datum mit Uhrzeit.
recipient-wrong-choice = Wählen Sie einen der Werte.
recipient-wrong-email = Das ist keine E-Mail-Adresse.
recipient-wrong-phone = Das ist keine Telefonnummer.
recipient-wrong-url = Das ist keine http- oder https-Adresse.
recipient-outside-fence = Der Empfänger läge außerhalb dieses Mandanten.
recipient-outside-fence-by = Der Empfänger läge außerhalb dieses Mandanten, weil dies nicht gilt: { $conditions }
recipient-changed-meanwhile = Jemand anderes hat diesen Empfänger inzwischen geändert. Ihre Eingaben stehen unten neben dem, was jetzt gilt; speichern Sie noch einmal, um das zu ersetzen.
recipient-now-reads = Jetzt steht dort: { $value }

subscriptions-title = Abonnements
subscriptions-none = Der Empfänger steht auf keiner Mailingliste.
subscription-change = Abonnement ändern
subscription-save = Abonnement speichern
subscription-list = Mailingliste
subscription-status = Status
subscription-since = Seit
subscription-source = Durch
subscription-consent = Einwilligung
subscription-consent-help = Der Text, dem der Empfänger zugestimmt hat; er wird mit dem heutigen Datum aufbewahrt. Leer, wenn es keinen gibt.

history-title = Verlauf
history-none = Es wurde noch nichts geändert.
history-at = Wann
history-who = Wer
history-what = Was
history-old = Vorher
history-new = Nachher
history-source = Durch
history-user-gone = ein gelöschter Benutzer

source-form = Formular
source-api = API
source-import = Import
source-bulk = Sammelaktion
source-cli = Befehlszeile
source-system = Programm

said-recipient-created = Der Empfänger wurde angelegt.
said-recipient-entered = Der Empfänger wurde erfasst. Wen dieser Mandant noch nicht sieht, der erscheint, sobald die Administratoren zugestimmt haben.
said-recipient-saved = Der Empfänger wurde gespeichert.
said-recipient-deleted = Der Empfänger wurde gelöscht.
said-subscription-saved = Das Abonnement wurde gespeichert.

bulk-intro = Das betrifft { $recipients } von { $tenant }.
bulk-do = Für { $recipients } tun
bulk-delete-lists = Sie verlassen die Mailinglisten dieses Mandanten; anderswo bleiben sie.
bulk-value-help = Auswahlwerte mit ihrem Wert, Daten als 2026-01-31, ja oder nein als true oder false. Leer löscht den Inhalt.
said-bulk-nothing-chosen = Wählen Sie zuerst Empfänger oder alle, die passen.
