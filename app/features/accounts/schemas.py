"""Bodies and forms of signing in and of accounts."""

from typing import Annotated

from pydantic import AfterValidator, Field

from app.domain.access import Role
from app.features.accounts.passwords import LONGEST_PASSWORD
from app.web.asked import asked, needed
from app.web.fields import Body, Code, Email, Line, without_controls
from app.web.shapes import Shape
from app.web.typed import own_path

Password = Annotated[str, Field(max_length=LONGEST_PASSWORD)]
Roles = Annotated[list[Role], Field(min_length=1, max_length=len(Role))]
Stores = Annotated[list[Code], Field(max_length=100)]


def to_the_users(path: str) -> str:
    """The path, if it is one of this service's; the list of users otherwise, so that no form leads people elsewhere."""
    return own_path(path, "/users")


class SignInForm(Shape):
    """Who, and the password; `next` is the page that was asked for, if it is one of ours (the page checks)."""

    username: Annotated[str, Field(max_length=100), AfterValidator(without_controls)]
    password: Password
    next: str = ""


class PasswordForm(Shape):
    """One's own password: the one that is, and the one that will be."""

    current_password: Annotated[Password, asked("Enter your current password.")] = needed()
    new_password: Annotated[Password, asked("Enter a new password.")] = needed()


class EmailForm(Shape):
    """One's own e-mail address, or none, and the password that shows that it is oneself."""

    email: Email | None = None
    current_password: Annotated[Password, asked("Enter your current password.")] = needed()


class NewUser(Body):
    """A person to add; what the username may be, the verb says. Without `email`, messages are only shown to them."""

    username: Line
    name: Line
    email: Email | None = None
    roles: Roles
    stores: Stores = []


class UserChange(Body):
    """What to change of an account; what is left out stays; `email` null takes it away.

    `is_active` false closes the account and ends its sign-ins.
    """

    name: Line = ""
    email: Email | None = None
    roles: Roles = []
    stores: Stores = []
    is_active: bool = True


class UserBody(Shape):
    """An account. `open_sign_ins` counts where the person is signed in now."""

    username: str
    name: str
    email: str | None
    roles: list[Role]
    stores: list[str]
    is_active: bool
    open_sign_ins: int


class NewPassword(Shape):
    """A password that was made up. It is answered once; a replay of the same request answers null."""

    username: str
    password: str | None


class AddedUser(UserBody):
    """An account that was added, with the password that was made up. A replay of the same request answers null."""

    password: str | None


class UserForm(Shape):
    """An account as its page asks for it. An empty list of stores is one: nobody has to work in a store."""

    name: Annotated[Line, asked("Enter the name of the person.")] = needed()
    email: Email | None = None
    roles: Annotated[list[Role], asked("Choose at least one role.")] = Field(default=[], validate_default=True)
    stores: Stores = []


class NewUserForm(UserForm):
    """A person to add, on their page."""

    username: Annotated[Line, asked("Enter a username.")] = needed()


class WayBack(Shape):
    """The list of users as it was asked for, to which a button of it leads back."""

    back: Annotated[str, AfterValidator(to_the_users)] = "/users"


class VersionForm(Shape):
    """The version of the account that the page showed."""

    version: Annotated[int, Field(ge=0, lt=2**31)]
