about-number = about { $number }
dashboard-first-steps = First steps
dashboard-done = done:
dashboard-own-fields = Own fields
dashboard-step-fields = Create the fields your recipients need
dashboard-step-lists = Create a mailing list
dashboard-step-import = Import your first recipients
