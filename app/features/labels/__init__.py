"""Labels: what is printed on an item and how. Which item gets which label is decided by the pages that ask for it."""
