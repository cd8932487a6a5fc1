recipients-title = Recipients
recipients-count = { $n ->
    [one] { $shown } recipient
   *[other] { $shown } recipients
}
recipients-about = about { $shown } recipients
recipients-search = Address or name
recipients-search-help = Three letters and more find any part; one or two find beginnings of addresses and whole last names.
recipients-list = Mailing list
recipients-any-list = Any
recipients-status = Status on the list
recipients-any-status = Any
recipients-find = Find
recipients-filter = Filter by fields
recipients-rule = Rule
recipients-rule-help = For example: last_name = 'Miller' and not (language = 'en')
recipients-apply-rule = Apply the rule
recipients-add-condition = Add the condition
recipients-conditions = Conditions
recipients-take-off = Take off:
recipients-field = Field
recipients-operator = Comparison
recipients-value = Value
recipients-columns = Columns
recipients-columns-now = Shown now
recipients-columns-others = Further fields
recipients-columns-intro = The list shows these columns to you; others choose for themselves.
recipients-export = Export
recipients-import = Import recipients
recipients-clear = Show all
recipients-none = There are no recipients yet.
recipients-no-match = No recipient matches.
recipients-rule-faulty = The rule cannot be applied as it stands.
recipient-new = New recipient

operator-contains = contains
operator-contains-not = does not contain
operator-starts-with = starts with
operator-ends-with = ends with
operator-empty = is empty
operator-filled = is filled

status-active = active
status-waiting = waiting for confirmation
status-unsubscribed-user = unsubscribed by the recipient
status-unsubscribed-admin = unsubscribed by an administrator
status-bounced = bounced
status-blocked = blocked

value-yes = yes
value-no = no

bulk-which = Which
bulk-chosen = The chosen ones
bulk-all = All that match: { $recipients }
bulk-act = Act
bulk-set = Set a field
bulk-subscribe = Subscribe to a list
bulk-unsubscribe = Unsubscribe from a list
bulk-delete = Delete
bulk-go-on = Go on

recipient-create = Create recipient
recipient-edit = Change recipient
recipient-delete = Delete recipient
recipient-delete-intro = { $email } is deleted with subscriptions and history. This cannot be undone.
recipient-delete-lists = { $email } leaves the mailing lists of this tenant. Elsewhere the recipient stays.
recipient-cannot-be-whole = Recipients must have a value that you may not enter, so you cannot create any.
recipient-required = This is required.
recipient-taken = Another recipient has this value.
recipient-refused = This value does not fit the field.
recipient-wrong-text = The text is too long or has characters that cannot be stored.
recipient-wrong-integer = This is no whole number.
recipient-wrong-decimal = This is no number, or has too many digits.
recipient-wrong-boolean = Choose yes or no.
recipient-wrong-date = This is no date.
recipient-wrong-datetime = This is no date with a time.
recipient-wrong-choice = Choose one of the values.
recipient-wrong-email = This is no e-mail address.
recipient-wrong-phone = This is no telephone number.
recipient-wrong-url = This is no http or https address.
recipient-outside-fence = The recipient would lie outside this tenant.
recipient-outside-fence-by = The recipient would lie outside this tenant, because this does not hold: { $conditions }
recipient-changed-meanwhile = Somebody else changed this recipient meanwhile. What you entered stands below, beside what reads now; save again to replace that.
recipient-now-reads = Now reads: { $value }

subscriptions-title = Subscriptions
subscriptions-none = The recipient is on no mailing list.
subscription-change = Change a subscription
subscription-save = Save subscription
subscription-list = Mailing list
subscription-status = Status
subscription-since = Since
subscription-source = Through
subscription-consent = Consent
subscription-consent-help = The text that the recipient agreed to; it is kept with today's date. Empty for none.

history-title = History
history-none = Nothing was changed yet.
history-at = When
history-who = Who
history-what = What
history-old = Before
history-new = After
history-source = Through
history-user-gone = somebody who has no place here

source-form = Form
source-api = API
source-import = Import
source-bulk = Bulk act
source-cli = Command line
source-system = Program

said-recipient-created = The recipient was created.
said-recipient-entered = The recipient was entered. Somebody whom this tenant does not see yet appears once the administrators have agreed.
said-recipient-saved = The recipient was saved.
said-recipient-deleted = The recipient was deleted.
said-subscription-saved = The subscription was saved.

bulk-intro = This concerns { $recipients } of { $tenant }.
bulk-delete-lists = They leave the mailing lists of this tenant; elsewhere they stay.
bulk-value-help = Choices by value or label, dates as 2026-01-31 or 31.01.2026, yes or no.
said-bulk-nothing-chosen = Choose recipients first, or all that match.
recipient-list-gone = One of the lists is not there any more. Please choose again.
bulk-chosen-number = Chosen:
bulk-all-uncounted = All that match
bulk-do-set = Set the field of { $recipients }
bulk-do-subscribe = Subscribe { $recipients }
bulk-do-unsubscribe = Unsubscribe { $recipients }
bulk-do-delete = Delete { $recipients }
bulk-delete-gone = They are erased with their history and subscriptions; this cannot be undone.
bulk-sure = Name of the tenant
bulk-sure-help = Type “{ $tenant }”, because many are deleted for good.
bulk-sure-wrong = Type the tenant's name: { $tenant }
bulk-field-choose = Choose a field
bulk-field-missing = Choose a field.
bulk-clear = Empty the field
bulk-clear-help = What stands in it now is removed; the history keeps it.
bulk-value-missing = Enter a value, or tick that the field is to be emptied.
bulk-clear-or-value = Either a value or emptying the field, not both.
