"""When the stores work: England's bank holidays, and what the service has set."""

from typing import Annotated

from fastapi import Depends, Request

from app.domain.dates import uk_date
from app.domain.ordering import Speed
from app.domain.promises import WorkingTimes
from app.settings import Settings
from app.web.bank_holidays import bank_holidays
from app.web.clock import Now


async def working_times(request: Request, now: Now) -> WorkingTimes:
    """Cut-offs and days off, as they are today."""
    settings: Settings = request.app.state.settings
    cut_offs = dict.fromkeys(Speed, settings.cut_off) | {
        Speed.EMERGENCY: settings.cut_off_emergency,
        Speed.SAME_DAY: settings.cut_off_same_day,
        Speed.NEXT_DAY: settings.cut_off_next_day,
    }
    return WorkingTimes(bank_holidays(uk_date(now)), settings.works_saturdays, cut_offs)


Times = Annotated[WorkingTimes, Depends(working_times)]
