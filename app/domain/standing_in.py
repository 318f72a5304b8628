"""Who answers for what a prescriber has reserved when they are not there, and who may give it up."""

from app.domain.authority import MOST_NAMED, Authority, Setting, why_signs_nothing
from app.domain.errors import NotAllowed


def who_stands_in_for(owner: str, setting: Setting) -> tuple[Authority, ...]:
    """Who answers for what this prescriber has reserved, on that day, besides them: who has their authority lent, and
    for somebody under supervision the colleagues who countersign. In the order of names."""
    lent = {d.to_username for d in setting.delegations if d.from_username == owner and d.is_in_force(setting.on)}
    team = {person.team_id for person in setting.people if person.username == owner and person.is_supervised}
    found = [
        person
        for person in setting.people
        if person.username in lent
        or (person.team_id in team and person.may_authorise and not why_signs_nothing("", person, setting.on))
    ]
    return tuple(sorted(found, key=lambda person: (person.name, person.username)))


def check_may_give_up(owner: str, owner_name: str, actor: str, setting: Setting) -> None:
    """Whether this prescriber may give up what another has reserved. Raises NotAllowed `not-your-reservation`, which
    names who can; the store always can, and is not asked here."""
    standing_in = who_stands_in_for(owner, setting)
    if actor != owner and actor not in {person.username for person in standing_in}:
        names = [owner_name, *(person.name for person in standing_in)][:MOST_NAMED]
        detail = f"{owner_name} made this reservation. {', '.join(names)} or the store can give it up."
        raise NotAllowed("not-your-reservation", detail)
