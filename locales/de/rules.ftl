# Was an einer Regel falsch sein kann. Die Parameter sind Eingaben, Namen von Feldern und Zeichen der Regelsprache.
rule-nothing = Die Regel ist leer.
rule-too-long = Eine Regel hat höchstens { $most } Zeichen.
rule-too-deep = Klammern und „not“ sind mehr als { $most }-fach verschachtelt.
rule-too-many-conditions = Eine Regel hat höchstens { $most } Bedingungen.
rule-bad-character = «{ $found }» bedeutet hier nichts; Text steht in Anführungszeichen: '…'
rule-nul-character = Dieser Text enthält ein Zeichen, das nicht gespeichert werden kann (NUL).
rule-unclosed-text = Dem Text, der hier beginnt, fehlt das schließende { $quote }
rule-bad-brackets = In eckigen Klammern steht der Name eines Feldes: [name]
rule-bad-number = «{ $found }» ist weder eine Zahl noch ein Datum; schreiben Sie 1234.5 oder 2026-01-31.
rule-text-without-quotes = Text steht in Anführungszeichen: '{ $found }'
rule-keyword-for-field = Hier muss ein Feld stehen, «{ $word }» ist aber ein Wort der Regelsprache. Ein Feld dieses Namens schreibt man [{ $word }].
rule-write-instead = Schreiben Sie { $instead } statt { $found }
rule-expected-field = Hier muss der Name eines Feldes stehen, nicht { $found }
rule-expected-field-at-end = Die Regel endet, wo der Name eines Feldes folgen muss.
rule-expected-operator = Nach einem Feld folgt ein Operator (=, !=, <, <=, >, >=, in, is empty, contains …), nicht { $found }
rule-expected-operator-at-end = Die Regel endet, wo ein Operator folgen muss (=, !=, <, <=, >, >=, in, is empty, contains …).
rule-expected-value = Hier muss ein Wert stehen, nicht { $found }
rule-expected-value-at-end = Die Regel endet, wo ein Wert folgen muss.
rule-expected-list = Nach „in“ folgt eine Liste in Klammern, etwa ('DE', 'AT'), nicht { $found }
rule-expected-list-at-end = Die Regel endet, wo eine Liste in Klammern folgen muss, etwa ('DE', 'AT').
rule-expected-list-goes-on = Hier muss ein Komma oder die schließende Klammer der Liste stehen, nicht { $found }
rule-expected-list-goes-on-at-end = Der Liste fehlt die schließende Klammer.
rule-expected-closing = Hier muss „and“, „or“ oder eine schließende Klammer stehen, nicht { $found }
rule-expected-closing-at-end = Eine schließende Klammer fehlt.
rule-expected-joint = Hier muss „and“ oder „or“ stehen, nicht { $found }
rule-expected-empty = Nach „is“ folgt „empty“ oder „not empty“, nicht { $found }
rule-expected-empty-at-end = Nach „is“ folgt „empty“ oder „not empty“.
rule-unknown-field = Es gibt kein Feld «{ $field }».
rule-masked-field = Das Feld «{ $field }» sehen Sie nur verdeckt; Ihre Regeln können nicht danach fragen.
rule-unknown-field-nearest = Es gibt kein Feld «{ $field }»; meinten Sie «{ $nearest }»?
rule-operator-does-not-fit = «{ $operator }» passt nicht zum Feld «{ $field }», denn es enthält { $type ->
        [integer] ganze Zahlen
        [decimal] Zahlen
        [boolean] Ja oder Nein
        [date] Tage
        [datetime] Zeitpunkte
        [choice] einen von mehreren Werten
        [email] E-Mail-Adressen
        [phone] Telefonnummern
        [url] Webadressen
       *[text] Text
    }. Möglich sind: { $allowed }
rule-wrong-value = { $type ->
        [integer] Das Feld «{ $field }» enthält ganze Zahlen, geschrieben 42 ohne Anführungszeichen; «{ $found }» ist keine.
        [decimal] Das Feld «{ $field }» enthält Zahlen, geschrieben 12.5 ohne Anführungszeichen; «{ $found }» ist keine.
        [boolean] Das Feld «{ $field }» enthält Ja oder Nein, geschrieben yes oder no ohne Anführungszeichen; «{ $found }» ist keines von beiden.
        [date] Das Feld «{ $field }» enthält Tage, geschrieben 2026-01-31; «{ $found }» ist keiner.
        [datetime] Das Feld «{ $field }» enthält Zeitpunkte, geschrieben 2026-01-31T15:30Z, oder 2026-01-31 für den ganzen Tag; «{ $found }» ist keiner.
       *[text] Das Feld «{ $field }» enthält Text; er steht in Anführungszeichen: '{ $found }'
    }
rule-number-out-of-range = Die Zahl { $found } ist für jedes Feld zu groß oder zu lang.
rule-no-such-choice = Das Feld «{ $field }» hat keinen Wert «{ $found }». Es hat: { $allowed }
rule-no-such-choice-nearest = Das Feld «{ $field }» hat keinen Wert «{ $found }»; meinten Sie «{ $nearest }»? Es hat: { $allowed }
rule-empty-text = Nichts gleicht leerem Text. Empfänger ohne Wert finden Sie mit: { $field } is empty
rule-field-gone = Die Regel verwendet ein Feld, das es nicht mehr gibt (Nummer { $id }).
rule-type-changed = Die Regel verwendet das Feld «{ $field }», dessen Typ sich geändert hat.
rule-stored-version = Die gespeicherte Regel hat die Version { $version }, die dieses Programm nicht kennt.
rule-stored-unreadable = Die gespeicherte Regel passt nicht mehr zu den Feldern oder ist beschädigt.
