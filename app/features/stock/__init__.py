"""Items: goods in, finding them, moving them, holding them."""
