"""The `stores` command: one file per noun, calling the same verbs as the pages."""

import gc

# Nothing is rubbish until everything is imported: looking for it was a sixth of every start.
gc.disable()


def begin_to_tidy() -> None:
    """From now on there may be rubbish, but not among what is there already: that is never looked through again.

    Every process that imported this package has to call it, once it has what it is to keep.
    """
    gc.freeze()
    gc.enable()
