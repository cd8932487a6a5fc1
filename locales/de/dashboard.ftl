about-number = etwa { $number }
dashboard-first-steps = Erste Schritte
dashboard-done = erledigt:
dashboard-own-fields = Eigene Datenbankfelder
dashboard-step-fields = Legen Sie die Datenbankfelder an, die Ihre Empfänger brauchen
dashboard-step-lists = Legen Sie eine Mailingliste an
dashboard-step-import = Importieren Sie Ihre ersten Empfänger
