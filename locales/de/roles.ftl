nav-roles = Rollen
roles-intro = Eine Rolle ist eine benannte Menge von Rechten. Zentrale Rollen kommen vom Hauptmandanten und gelten überall, eigene für diesen Mandanten und seine Inner-Mandanten.
roles-name = Name
roles-key = Schlüssel
roles-key-help = So nennen es Programme; leer gelassen entsteht er aus dem Namen. Er bleibt.
roles-description = Wofür sie ist
roles-from = Herkunft
roles-built-in = eingebaut
roles-own = hier angelegt
roles-from-above = zentral
roles-includes = Enthält die Rollen
roles-includes-help = Wer diese Rolle hat, hat auch deren Rechte, auch was sie später bekommen.
roles-rights = Rechte
roles-rights-help = Geben und nehmen können Sie nur Rechte, die Sie selbst haben.
roles-right = Recht
roles-right-key = Schlüssel des Rechts
roles-group = Gruppe
roles-held-here = Haben hier
roles-fields = Legt für Felder fest
roles-held-by = Haben sie
roles-held = ja
roles-people = { $n ->
    [0] niemand
    [one] eine Person
   *[other] { $shown } Personen
}
roles-concerns = { $n ->
    [0] Das betrifft noch niemanden.
    [one] Das betrifft eine Person, und zwar sofort.
   *[other] Das betrifft { $shown } Personen, und zwar sofort.
}
roles-new = Neue Rolle
roles-new-intro = Eine neue Rolle gibt niemandem etwas, bis jemand sie bekommt.
roles-copy-intro = Eine Kopie hat dieselben Rechte. Was Felder vor der anderen Rolle verbergen, verdecken oder sperren, gilt für die Kopie nicht; das wird auf der Seite jedes Feldes gesetzt.
roles-create = Rolle anlegen
roles-edit = Ändern
roles-copy = Kopieren
roles-copy-of = Kopie von { $name }
roles-who = Wer hat sie
roles-compare = Vergleichen
roles-export = Als CSV exportieren
roles-one = Erste Rolle
roles-other = Zweite Rolle
roles-compare-all = Auch was gleich ist
roles-show = Anzeigen
roles-differences = { $n ->
    [0] Sie enthalten dasselbe.
    [one] Sie unterscheiden sich in einem Recht.
   *[other] Sie unterscheiden sich in { $shown } Rechten.
}
roles-delete = Löschen
roles-delete-help = „{ $name }“ ist dann endgültig weg. Das geht nur, solange niemand sie hat und keine andere Rolle sie enthält.
said-role-deleted = Die Rolle „{ $name }“ ist gelöscht.
roles-check = Änderungen prüfen
roles-save = Änderungen speichern
roles-coming = Kommt hinzu
roles-going = Fällt weg
roles-no-difference = An den Rechten ändert sich nichts.
roles-versions = Verlauf
roles-version = Version
roles-version-at = Seit
roles-version-by = Von
roles-version-rights = Rechte
roles-version-page = Frühere Version
roles-version-intro = Die Rolle, wie sie in Version { $version } war.
roles-version-difference = Was Wiederherstellen ändern würde
roles-restore = Diese Version wiederherstellen
roles-matrix = Matrix
roles-matrix-intro = Rechte untereinander, Rollen nebeneinander. Gesperrte Zellen kommen aus einer anderen Rolle, gehören zu einer Rolle, die nicht hier angelegt ist, oder gehen über Ihre Rechte hinaus.
matrix-what = Recht
matrix-all = alle
matrix-not = nein
matrix-beyond = Dieses Recht haben Sie selbst nicht.
matrix-search = Rechte suchen
matrix-only = Nur
matrix-differs = was sich unterscheidet
matrix-columns = Gezeigte Spalten
matrix-none = Kein Recht passt dazu.
rights-personal = personenbezogen
rights-group-dashboard = Startseite
rights-group-tenants = Mandanten
rights-group-inner = Inner-Mandanten
rights-group-users = Benutzer
rights-group-roles = Rollen
rights-group-audit = Protokoll
rights-group-fields = Datenbankfelder
rights-group-lists = Mailinglisten
rights-group-recipients = Empfänger
rights-group-imports = Importe
roles-name-length = Ein Name hat 1 bis 100 Zeichen.
roles-description-length = Höchstens 1.000 Zeichen.
roles-key-invalid = Ein Schlüssel beginnt mit einem Buchstaben und hat höchstens 40 Kleinbuchstaben, Ziffern und Bindestriche.
roles-key-taken = Eine Rolle mit diesem Schlüssel gibt es schon.
roles-too-many = Mehr Rollen sind nicht möglich.
roles-not-here = Diese Rolle ist nicht in diesem Mandanten angelegt; ändern kann man sie nur dort.
roles-own-rights = Das würde Ihre eigenen Rechte ändern. Das muss jemand anderes tun.
roles-circle = Eine Rolle kann sich nicht selbst enthalten, auch nicht über andere.
roles-in-use = Sie wird gebraucht: { $held } Zuordnungen haben sie, { $including } Rollen enthalten sie.
roles-changed-meanwhile = Jemand anderes hat das inzwischen geändert. Sehen Sie noch einmal hin; erneutes Speichern ersetzt es.
rights-unknown = Dieses Recht gibt es nicht.
fields-beyond = Mit diesen Rollen sähe oder änderte man Felder, die Sie nicht sehen oder ändern dürfen.
rights-beyond = Geben und nehmen können Sie nur, was Sie selbst haben. Ihnen fehlt: { $rights }.
roles-see-as = Sehen wie diese Rolle
see-as-banner = Sie sehen das so wie { $name }, soweit Sie es selbst sehen dürfen. Sie können nur ansehen.
see-as-end = Wieder Sie selbst sein
roles-search = Rollen suchen
compare-facts = Was sich sonst unterscheidet
compare-what = Was
