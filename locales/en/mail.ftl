mail-password-changed = Your password was changed
mail-password-changed-text =
    Hello { $name },

    the password of your account at { $site } was changed on { $at }.

    If that was you, there is nothing to do. If not, tell your administrator at once.
mail-reset = Set another password
mail-reset-text =
    Hello { $name },

    somebody, most likely you, said at { $site } that you forgot your password. With this link you set another:

    { $link }

    It is good for one hour and works once. If it was not you, there is nothing to do: your password stays.
mail-invitation = Your access to { $tenant }
mail-invitation-text =
    Hello { $name },

    you have been given access to “{ $tenant }”. With this link you set your password:

    { $link }

    It is good for seven days and works once. After that you log in at { $site } with this mail's address.
mail-second-factor-on = Second factor switched on
mail-second-factor-on-text =
    Hello { $name },

    a second factor was switched on for your account at { $site } on { $at }. Log-in now asks for a code or a passkey beside the password.

    If that was not you, tell your administrator at once.
mail-passkey-added = Passkey added
mail-passkey-added-text =
    Hello { $name },

    a passkey was added to your account at { $site } on { $at }. It stands in for the code at log-in.

    If that was not you, tell your administrator at once.
mail-passkey-removed = Passkey removed
mail-passkey-removed-text =
    Hello { $name },

    a passkey of your account at { $site } was removed on { $at }.

    If you know nothing of this, tell your administrator at once.
mail-second-factor-off = Second factor switched off
mail-second-factor-off-text =
    Hello { $name },

    the second factor of your account at { $site } was switched off on { $at }. Log-in asks for the password alone.

    If you know nothing of this, tell your administrator at once.
mail-review = Access review due in { $tenant }
mail-review-text =
    Hello { $name },

    in “{ $tenant }” { $due } places are due for review. Please confirm or withdraw them:

    { $link }

    You get this mail at most once a week while something is due.

mails-title = Mails
mails-what = About
mails-written = Written
mails-state = State
mails-answer = What kept it
mails-sent = Sent
mails-failed = Given up
mails-again = Is tried again
mails-waiting = Is being sent
mails-mail-invitation = Invitation
mails-mail-reset = Link for another password
mails-mail-password-changed = Changed password
mails-mail-review = Access review
