users-name = Name
users-name-help = Only needed for somebody new.
users-roles = Roles
users-roles-help = Without any role the user has no access to this tenant.
users-roles-missing = Choose at least one role.
users-own-roles = Nobody changes his own roles.
last-administrator = A tenant keeps at least one administrator.
users-home = Home tenant
users-state = State
users-active = active
users-inactive = inactive
users-last-login = Last log-in
users-never = never
users-new = Add user
users-new-intro = Who is added gets access to “{ $tenant }” and to nothing else.
users-add = Add user
users-empty = There are no users yet.
users-password = Initial password
users-password-help = Only for somebody new. Left empty, the new user gets an invitation by mail and sets a password.
users-change-roles = Change roles
role-administrator = Administrator
role-editor = Editor
role-viewer = Viewer
said-user-added = { $email } has access now.
profile-title = Profile
profile-theme = Appearance
theme-auto = As the device
theme-light = Light
theme-dark = Dark
profile-password = Change password
profile-old-password = Password until now
profile-new-password = New password
profile-password-help = Left empty, the password stays. Other sessions end when it changes.
profile-old-wrong = This is not your password until now.
users-home-elsewhere = another tenant
users-not-ours = This user's home is another tenant; only its administrators, or those above it, may do that.
users-holds-more = This user holds more here than you do. Somebody who holds as much can do it.
users-own-account = Nobody does that to himself. Your profile has what you can change.
users-edit = Change name and e-mail
users-email-help = The user logs in with this address.
users-email-taken = Somebody else logs in with this address.
users-changed-meanwhile = Somebody else changed this user meanwhile: name “{ $name }”, e-mail “{ $email }”. Saving again replaces that.
users-roles-meanwhile = Somebody else changed the roles meanwhile. Look at them once more; saving again replaces them.
users-set-password = Set a password
users-set-password-help = At least 10 characters; hand it over yourself. All sessions of this user end.
users-deactivate = Deactivate
users-deactivate-help = { $name } can no longer log in to any tenant, and all sessions end. Roles stay for the case that you activate the user again.
users-activate = Activate
users-activate-help = { $name } can log in again, with the roles from before.
users-end-sessions = End all sessions
users-created = Created
users-place = Tenant
users-places = Places in tenants
users-places-none = No place here or below.
users-since = Since
users-log-ins = Last log-ins
users-search = Name or e-mail
users-role = Role
users-any = Any
users-where = Where
users-here = In this tenant
users-below = At home in tenants below
users-count = { $n ->
    [one] one user
   *[other] { $n } users
}
users-clear = Show all
users-no-match = Nobody matches.
said-user-activated = { $name } may log in again.
said-user-deactivated = { $name } is deactivated and logged out.
said-user-removed = { $name } has no place here any more.
said-roles-changed = The roles of { $name } are saved.
said-password-set = The password is set, and the user's sessions have ended.
said-sessions-ended = Ended.
sessions-title = Sessions
sessions-intro = Where you are logged in. End what you do not know, and change your password then.
sessions-device = Device
sessions-device-name = { $browser } on { $system }
sessions-device-unknown = unknown
sessions-address = Network address
sessions-since = Since
sessions-seen = Last seen
sessions-own = this one
sessions-end = End
sessions-end-others = End all others
sessions-none = Logged in nowhere.
membership-rights = Single rights
membership-rights-help = Besides those of the roles. A role is better where several people need the same.
membership-by-role = by the role { $role }
membership-from = From
membership-from-help = The first day; blank for at once.
membership-until = Until
membership-until-help = The last day; blank for no end.
membership-dates = The last day comes before the first.
membership-day-unreadable = Enter a day.
users-singles = { $n ->
    [one] one single right
   *[other] { $shown } single rights
}
users-from = from { $at }
users-until = until { $at }
users-invited = invited
users-password-help-link = Only for somebody new. Left empty, you get a link to hand over, by which the new user sets a password.
invitation-card = Invitation
invitation-open-mailed = Invited by mail, not yet accepted. The link is good until { $until }.
invitation-open = Invited by a link to hand over, not yet accepted. The link is good until { $until }.
invitation-withdrawn = The invitation was withdrawn. Without a password this user cannot log in.
invitation-over = The invitation was not accepted by { $until }.
invitation-none = This user has no password and is not invited.
invitation-send = Send invitation by mail
invitation-link = Link to hand over
invitation-withdraw = Withdraw invitation
invitation-hand-over = Show me the link instead of sending it by mail
invitation-made = Link to hand over
invitation-made-intro = With this link { $name } sets a password. It is shown only now, works once and for seven days; hand it over on a safe way. Links before it open nothing any more.
invitation-made-link = Link
invitation-made-done = I have it
invitation-not-needed = This user has a password already.
said-user-invited = { $email } has access now and is invited by mail.
said-invited = The invitation is on its way.
said-invitation-accepted = The user has a password already.
said-invitation-withdrawn = The invitation opens nothing any more.
users-why = Rights here, and why
users-can = Allowed
users-because = Because
why-can = { $name } can do this in { $tenant }: { $right }
why-cannot = { $name } cannot do this in { $tenant }: { $right }
why-single = by a single right
why-not-granted = neither a role nor a single right gives it
why-no-place = no place here
why-inactive = deactivated
why-not-yet = the place begins on { $at }
why-over = the place ended on { $at }
why-ceiling = { $tenant } may not, by what is set from above
why-ask = Could give it: { $names }.
why-ask-above = Only the administrators above this tenant can give it the right.
why-ask-nobody = Nobody else here holds it and may give it.
why-only-can = what is allowed
why-only-cannot = what is not allowed
users-right = Who can
users-see-as = See as this user
second-factor-title = Second factor
second-factor-code = Code
second-factor-off = With a second factor log-in asks for a code beside the password. An authenticator app on your phone shows it. Whoever learns your password cannot log in with it alone.
second-factor-asked = This tenant asks for a second factor. Switch it on, then you get in: log-in will ask for a code beside the password, which an authenticator app on your phone shows.
second-factor-begin = Begin
second-factor-scan = Scan the picture with your authenticator app, then enter the code that the app shows.
second-factor-picture = QR code with the secret for the authenticator app; the same stands below as text
second-factor-letters = Or enter this key into the app:
second-factor-confirm = Switch on
second-factor-again = Another key
second-factor-again-title = Start over
second-factor-on = Switched on since { $since }. { $codes } recovery codes are left.
second-factor-renew-title = New recovery codes
second-factor-renew = Make new codes
second-factor-end-title = Switch off
second-factor-end = Switch off
second-factor-end-help = Of the app, or a recovery code.
second-factor-codes = Recovery codes
second-factor-codes-intro = With one of these codes you log in when the app is gone. Each works once. They are shown only now: keep them where you find them without your phone.
second-factor-codes-done = I have kept them
second-factor-wrong = This is not the code that the app shows now. Each code works once; wait for the next.
second-factor-is-on = The second factor is switched on already.
said-second-factor-off = The second factor is switched off.
devices-title = Trusted devices
devices-none = Log-in asks for a code on every device.
devices-until = Until
said-device-ended = Log-in asks for a code on that device again.
users-second-factor-reset = Reset second factor
users-second-factor-help = { $name } logs in with the password alone until a second factor is switched on again. All sessions end. Make sure that it is really { $name } who asks for this.
said-second-factor-reset = The second factor is reset, and the sessions have ended.
users-matrix = Roles by user
users-matrix-intro = Roles down, users across. Locked cells are your own, or roles that hold more than you do.
users-matrix-none = Nobody, or no role, matches.
users-matrix-beyond = This role holds rights that you do not have.
users-with-role = Users with the role
users-compare = Compare two users
users-one = First user (e-mail)
users-other = Second user (e-mail)
users-compare-nobody = Nobody here has this address.
users-bulk-give = Give a role
users-bulk-take = Take a role
users-bulk-until = Set the last day
users-bulk-compare = Compare (two)
users-bulk-role-missing = Choose a role.
users-bulk-concerns = { $n ->
    [one] This concerns one user.
   *[other] This concerns { $shown } users.
}
users-bulk-why = Refused because
users-bulk-many = At most 100 users at a time.
users-bulk-gone = No place here.
users-bulk-refused = Done for { $done }, refused for { $refused }: the table says why.
said-users-bulk = Done for { $users }.
said-users-none-chosen = Choose users first.
said-users-choose-two = Choose two users to compare.
users-only-no-factor = without a second factor
users-only-ends = { $n ->
    [one] whose place ends within a day
   *[other] whose place ends within { $shown } days
}
users-only-idle = { $n ->
    [one] not logged in for a day
   *[other] not logged in for { $shown } days
}
users-former = Former user { $number }
users-anonymise = Anonymise
users-anonymise-what = This cannot be undone. Of { $name } the name, the mail address, password, second factor, sessions, tokens and settings go, and what names him or her in the audit logs. What is left is a number, so that the audit still tells who did the same things. The mail address is free for a new account.
users-anonymise-places = { $n ->
    [0] There is no place in a tenant to end.
    [one] One place in a tenant ends.
   *[other] { $shown } places in tenants end.
  }
users-anonymise-sure = To be sure, type the mail address: { $email }
users-anonymise-wrong = This is not the mail address.
users-anonymise-now = Anonymise for good
said-user-anonymised = { $name } is anonymised.
review-title = Access review
nav-access-review = Access review
review-intro-every = { $n ->
    [one] Each place in this tenant is to be confirmed every month, by somebody else who could give it.
   *[other] Each place in this tenant is to be confirmed every { $shown } months, by somebody else who could give it.
  }
review-intro-never = Who works in this tenant, and who still needs it? Under Review settings you choose how often each place is to be confirmed.
review-which = Show
review-which-due = Due for review
review-which-never = Never used
review-which-elsewhere = From other home tenants
review-count = { $n ->
    [one] One place
   *[other] { $shown } places
  }
review-none = No place matches.
review-all = Show all
review-granted = Granted
review-used = Last used here
review-confirmed = Last confirmed
review-never = never
review-by = { $at } by { $name }
review-due = Due
review-fine = Fine
review-elsewhere = home in another tenant
review-confirm = Confirm
review-withdraw = Withdraw
review-withdraw-help = { $n ->
    [one] This place ends at once, with its tokens. The account and places in other tenants stay.
   *[other] These places end at once, with their tokens. The accounts and places in other tenants stay.
  }
review-own = Your own place is confirmed by somebody else.
review-changed = Somebody changed it meanwhile.
said-review-none-chosen = Nothing was chosen.
review-report = Report
review-report-intro = As of { $at }, for { $name }: { $places } places, { $due } of them due for review.
review-settings = Review settings
review-months = Months between two reviews
review-months-help = { $least } to { $most }; leave it blank for none. Whoever may review accesses is reminded by mail once a week while something is due.
review-months-range = Enter a whole number from { $least } to { $most }, or nothing.
review-days = Days after which an unused account is deactivated
review-days-help = { $least } to { $most }; leave it blank for never. It concerns accounts at home in this tenant. The last administrator of a tenant stays active.
review-days-range = Enter a whole number from { $least } to { $most }, or nothing.
said-review-confirmed = Confirmed: { $done }.
said-review-withdrawn = Withdrawn: { $done }.
said-review-confirmed-some = Confirmed: { $done }, not: { $left }. { $why }
said-review-withdrawn-some = Withdrawn: { $done }, not: { $left }. { $why }
pending-title = Rights to confirm
nav-pending = Rights to confirm
pending-intro = Rights that are marked critical take effect only when another person who could give them confirms it.
pending-none = Nothing waits for a second person.
pending-asked = Given by { $name } on { $at }. Declined by itself on { $until }.
pending-confirm = Confirm
pending-decline = Decline
pending-own-place = They are your own rights: somebody else decides.
pending-own-gift = You gave them yourself: somebody else decides.
said-pending-changed = Something changed meanwhile. This is how it stands now.
pending-held = Waits for a second person
pending-waiting = { $n ->
    [one] Critical rights of one user wait to be confirmed.
   *[other] Critical rights of { $shown } users wait to be confirmed.
  }
said-pending-confirmed = The rights are in force.
said-pending-declined = The rights are declined. They stay without effect until they are taken away and given anew.
critical-title = Critical rights
critical-rights = Critical rights
critical-intro = Whoever is given one of these rights, by a role, by itself, by a role that changes or in any other way, has it only when another person confirms it. Marking more holds at once; marking fewer is confirmed by another person, too. Who has a right already keeps it.
critical-suggested = suggested
critical-around = critical in the tenant around
critical-leaving = to be unmarked
critical-fewer = { $name } wants these rights to be critical no longer, since { $at }:
critical-keep = Keep them critical
critical-needs-two = Fewer than two people here may change users without an end date: nobody could confirm what the other gives.
why-pending = a second person has not confirmed it yet
why-declined = a second person declined it, or nobody confirmed it in time
said-refused = Not done: { $why }
