"""Forms of signing in."""

from typing import Annotated

from pydantic import AfterValidator, BaseModel, Field

from app.web.fields import without_controls


class SignInForm(BaseModel):
    """Who, and the password; `next` is the page that was asked for, if it is one of ours (the page checks)."""

    username: Annotated[str, Field(max_length=100), AfterValidator(without_controls)]
    password: Annotated[str, Field(max_length=1000)]
    next: str = ""
