"""The `stores` command: one file per noun, calling the same verbs as the pages."""

import gc

# Nothing is rubbish until everything is imported: looking for it was a sixth of every start. `main` begins to look.
gc.disable()
