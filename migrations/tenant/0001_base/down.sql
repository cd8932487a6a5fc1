DROP TABLE admissions, import_profiles, import_problems, imports, subscription_changes, subscriptions, lists, recipient_changes, recipients, fields CASCADE;
