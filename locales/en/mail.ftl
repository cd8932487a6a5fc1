mail-password-changed = Your password was changed
mail-password-changed-text =
    Hello { $name },

    the password of your account at { $site } was changed on { $at }.

    If that was you, there is nothing to do. If not, tell your administrator at once.
