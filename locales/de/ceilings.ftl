nav-ceilings = Mandantenrechte
ceilings-intro = Was irgendjemand in einem Mandanten höchstens haben kann, gleich welche Rollen er hat. Die Rechte eines Mandanten liegen innerhalb derer des übergeordneten; was zurückgegeben wird, haben alle wieder, die es hatten.
ceilings-own = Gesetzt
ceilings-package = Paket
ceilings-in-force = In Kraft
ceilings-people = Zuordnungen
ceilings-all = alles, was der übergeordnete darf
ceilings-all-help = Auch was spätere Programmversionen bringen.
ceilings-only = nur diese Rechte
ceilings-only-help = Was spätere Versionen bringen, muss hier hinzugefügt werden.
ceilings-some = { $n } von { $of }
ceilings-limit = Grenze
ceilings-rights = Rechte
ceilings-capped = der übergeordnete darf es nicht
ceilings-give = Den gewählten geben
ceilings-choose = Wählen Sie zuerst Mandanten.
ceilings-none = Es gibt noch keinen untergeordneten Mandanten.
ceilings-edit = Mandantenrechte
ceilings-edit-intro = Gesetzt: { $own }. Der übergeordnete: { $above }.
ceilings-concerns = { $n ->
    [0] Das betrifft noch niemanden.
    [one] Das betrifft eine Zuordnung, und zwar sofort.
   *[other] Das betrifft { $shown } Zuordnungen, und zwar sofort.
}
ceilings-matrix = Mandanten und Rechte
ceilings-matrix-intro = Rechte untereinander, Mandanten nebeneinander. Gesperrte Zellen liegen außerhalb dessen, was der übergeordnete Mandant darf oder was Sie selbst haben.
packages-title = Rechtepakete
packages-intro = Eine benannte Menge von Rechten, die Sie vielen Mandanten auf einmal geben. Wer das Paket schon hat, bleibt von Änderungen daran unberührt.
packages-new = Neues Paket
packages-none = Es gibt noch kein Paket.
packages-name-taken = Ein Paket mit diesem Namen gibt es schon.
packages-too-many = Mehr Pakete sind nicht möglich.
packages-delete = Paket löschen
packages-delete-help = Mandanten behalten, was ihnen gegeben wurde.
said-package-deleted = Das Paket ist gelöscht.
rights-group-ceilings = Mandantenrechte
ceilings-not-inner = gibt es in Inner-Mandanten nicht
ceilings-compare = Zwei Mandanten vergleichen
ceilings-one = Erster Mandant
ceilings-other = Zweiter Mandant
ceilings-limit-or-rights = Sie haben einzelne Rechte geändert, aber keine Grenze gewählt. Wählen Sie „nur diese Rechte“ oder lassen Sie die Rechte, wie sie waren.
