"""Labels: what is printed on an item and how, and on which printer. Which item gets one, its pages say."""
