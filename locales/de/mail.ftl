mail-password-changed = Ihr Passwort wurde geändert
mail-password-changed-text =
    Guten Tag { $name },

    das Passwort Ihres Zugangs bei { $site } wurde am { $at } geändert.

    Waren Sie das selbst, ist nichts zu tun. Wenn nicht, sagen Sie es sofort Ihrem Administrator.
