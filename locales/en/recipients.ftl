recipients-title = Recipients
recipients-count = { $n ->
    [one] { $shown } recipient
   *[other] { $shown } recipients
}
recipients-about = about { $shown } recipients
recipients-search = Address or name
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
bulk-all = All that match
bulk-act = Act
bulk-set = Set a field
bulk-subscribe = Subscribe to a list
bulk-unsubscribe = Unsubscribe from a list
bulk-delete = Delete
bulk-go-on = Go on
