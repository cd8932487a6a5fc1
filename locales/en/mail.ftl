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
