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
