"""The `stores` command: one file per noun, calling the same verbs as the pages."""
