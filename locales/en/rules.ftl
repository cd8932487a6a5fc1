# What can be wrong with a rule. The parameters are texts that somebody typed, names of fields, and signs of the rule language.
rule-nothing = The rule is empty.
rule-too-long = A rule has at most { $most } characters.
rule-too-deep = Brackets and “not” are nested more than { $most } deep.
rule-too-many-conditions = A rule has at most { $most } conditions.
rule-bad-character = «{ $found }» means nothing here; text stands in quotes: '…'
rule-nul-character = This text holds a character that cannot be stored (NUL).
rule-unclosed-text = The text that begins here lacks its closing { $quote }
rule-bad-brackets = Square brackets hold the name of one field: [name]
rule-bad-number = «{ $found }» is neither a number nor a date; write 1234.5 or 2026-01-31.
rule-text-without-quotes = Text stands in quotes: '{ $found }'
rule-keyword-for-field = Here a field must stand, but «{ $word }» is a word of the rule language. A field of that name is written [{ $word }].
rule-write-instead = Write { $instead } instead of { $found }
rule-expected-field = Here the name of a field must stand, not { $found }
rule-expected-field-at-end = The rule ends where the name of a field must follow.
rule-expected-operator = After a field comes an operator (=, !=, <, <=, >, >=, in, is empty, contains …), not { $found }
rule-expected-operator-at-end = The rule ends where an operator must follow (=, !=, <, <=, >, >=, in, is empty, contains …).
rule-expected-value = Here a value must stand, not { $found }
rule-expected-value-at-end = The rule ends where a value must follow.
rule-expected-list = After “in” comes a list in brackets, such as ('DE', 'AT'), not { $found }
rule-expected-list-at-end = The rule ends where a list in brackets must follow, such as ('DE', 'AT').
rule-expected-list-goes-on = Here a comma or the closing bracket of the list must stand, not { $found }
rule-expected-list-goes-on-at-end = The list lacks its closing bracket.
rule-expected-closing = Here “and”, “or” or a closing bracket must stand, not { $found }
rule-expected-closing-at-end = A closing bracket is missing.
rule-expected-joint = Here “and” or “or” must stand, not { $found }
rule-expected-empty = After “is” comes “empty” or “not empty”, not { $found }
rule-expected-empty-at-end = After “is” comes “empty” or “not empty”.
rule-unknown-field = There is no field «{ $field }».
rule-masked-field = You see the field «{ $field }» only masked, so no rule of yours may ask by it.
rule-unknown-field-nearest = There is no field «{ $field }»; did you mean «{ $nearest }»?
rule-operator-does-not-fit = «{ $operator }» does not fit the field «{ $field }», which holds { $type ->
        [integer] whole numbers
        [decimal] numbers
        [boolean] yes or no
        [date] days
        [datetime] moments
        [choice] one of several values
        [email] e-mail addresses
        [phone] telephone numbers
        [url] web addresses
       *[text] text
    }. Possible are: { $allowed }
rule-wrong-value = { $type ->
        [integer] The field «{ $field }» holds whole numbers, written 42 without quotes; «{ $found }» is none.
        [decimal] The field «{ $field }» holds numbers, written 12.5 without quotes; «{ $found }» is none.
        [boolean] The field «{ $field }» holds yes or no, written without quotes; «{ $found }» is neither.
        [date] The field «{ $field }» holds days, written 2026-01-31; «{ $found }» is none.
        [datetime] The field «{ $field }» holds moments, written 2026-01-31T15:30Z, or 2026-01-31 for the whole day; «{ $found }» is none.
       *[text] The field «{ $field }» holds text, which stands in quotes: '{ $found }'
    }
rule-number-out-of-range = The number { $found } is too large or too long for any field.
rule-no-such-choice = The field «{ $field }» has no value «{ $found }». It has: { $allowed }
rule-no-such-choice-nearest = The field «{ $field }» has no value «{ $found }»; did you mean «{ $nearest }»? It has: { $allowed }
rule-empty-text = Nothing equals empty text. To find recipients without a value, write: { $field } is empty
rule-field-gone = The rule uses a field that no longer exists (number { $id }).
rule-type-changed = The rule uses the field «{ $field }», whose type has changed.
rule-stored-version = The stored rule has version { $version }, which this program does not know.
rule-stored-unreadable = The stored rule no longer fits the fields, or is damaged.
