"""What the shapes of requests, forms and answers have in common."""

import warnings

from pydantic import BaseModel, ConfigDict
from pydantic.warnings import UnsupportedFieldAttributeWarning

# FastAPI gives a body the name of its parameter in a way that pydantic warns of, and silences that where it makes the
# validator. Ours are made later. pyproject.toml says the same to the tests.
warnings.filterwarnings("ignore", "The 'alias' attribute with value 'body'", UnsupportedFieldAttributeWarning)


class Shape(BaseModel):
    """What goes in or out. Its validator is built when it is first wanted: all of them were a fifth of every start."""

    model_config = ConfigDict(defer_build=True)
