"""Where everything is wired together: settings in, app out. Nothing is wired anywhere else."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

from fastapi import Depends, FastAPI
from fastapi.staticfiles import StaticFiles

from app.db import COUNTED_DAYS, LOOK_AHEAD_DAYS, REPAIR_LIMIT_PERCENT, SECOND_PERSON_PENCE, Database
from app.features.accounts import api as accounts_api
from app.features.accounts import pages as accounts_pages
from app.features.accounts import users_api, users_pages
from app.features.catalogue import api as catalogue_api
from app.features.catalogue import pages as catalogue_pages
from app.features.clients import api as clients_api
from app.features.clients import pages as clients_pages
from app.features.collections import api as collections_api
from app.features.collections import find_pages as collection_find_pages
from app.features.collections import pages as collections_pages
from app.features.collections import request_pages as collection_request_pages
from app.features.collections import scan_pages as collection_scan_pages
from app.features.disposal import api as disposal_api
from app.features.disposal import pages as disposal_pages
from app.features.faults import api as faults_api
from app.features.faults import label_pages
from app.features.faults import pages as faults_pages
from app.features.finance import front_pages as finance_front_pages
from app.features.finance.budgets import api as budgets_api
from app.features.finance.budgets import pages as budgets_pages
from app.features.finance.charges import api as charges_api
from app.features.finance.charges import pages as charges_pages
from app.features.finance.dashboard import api as dashboard_api
from app.features.finance.dashboard import pages as dashboard_pages
from app.features.finance.exports import api as finance_exports_api
from app.features.finance.exports import journal_pages as finance_journal_pages
from app.features.finance.exports import pack_pages as finance_pack_pages
from app.features.finance.exports import pages as finance_exports_pages
from app.features.finance.funding import api as funding_api
from app.features.finance.funding import keeping_pages as funders_pages
from app.features.finance.funding import pages as funding_pages
from app.features.finance.items import api as item_costs_api
from app.features.finance.items import pages as item_costs_pages
from app.features.finance.performance import api as performance_api
from app.features.finance.performance import pages as performance_pages
from app.features.finance.periods import api as finance_periods_api
from app.features.finance.periods import pages as finance_periods_pages
from app.features.finance.reconciling import api as finance_reconciling_api
from app.features.finance.reconciling import pages as finance_reconciling_pages
from app.features.finance.recycling import api as recycling_api
from app.features.finance.recycling import pages as recycling_pages
from app.features.finance.reports import api as finance_reports_api
from app.features.finance.reports import other_pages as finance_other_pages
from app.features.finance.reports import pages as finance_reports_pages
from app.features.finance.statements import api as statements_api
from app.features.finance.statements import pages as statements_pages
from app.features.finance.tariffs import api as tariffs_api
from app.features.finance.tariffs import pages as tariffs_pages
from app.features.home import pages as home_pages
from app.features.imports import api as imports_api
from app.features.imports import pages as imports_pages
from app.features.labels import api as labels_api
from app.features.labels import clean_api as clean_labels_api
from app.features.labels import clean_pages as clean_labels_pages
from app.features.labels import job_pages, jobs_api, printer_pages
from app.features.labels import pages as labels_pages
from app.features.loans import answer_pages as loan_answer_pages
from app.features.loans import api as loans_api
from app.features.loans import pages as loans_pages
from app.features.loans import trial_pages
from app.features.makers import api as makers_api
from app.features.makers import pages as makers_pages
from app.features.messages import api as messages_api
from app.features.messages import pages as messages_pages
from app.features.notices import acting_api as notices_acting_api
from app.features.notices import acting_pages as notices_acting_pages
from app.features.notices import api as notices_api
from app.features.notices import closing_pages as notices_closing_pages
from app.features.notices import match_pages as notices_match_pages
from app.features.notices import pages as notices_pages
from app.features.notices import picture_pages as notices_picture_pages
from app.features.notices import review_pages as notices_review_pages
from app.features.notices import scope_api as notices_scope_api
from app.features.notices import scope_pages as notices_scope_pages
from app.features.notices import work_pages as notices_work_pages
from app.features.ordering import api as ordering_api
from app.features.ordering import pages as ordering_pages
from app.features.ordering import pages_check as ordering_check
from app.features.ordering import pages_draft as ordering_draft
from app.features.ordering import pages_store as ordering_store
from app.features.ordering import scan_pages as ordering_scan_pages
from app.features.panel import api as panel_api
from app.features.panel import deciding_pages as panel_deciding_pages
from app.features.panel import following_pages as panel_following_pages
from app.features.panel import learning_api as panel_learning_api
from app.features.panel import learning_pages as panel_learning_pages
from app.features.panel import meeting_pages as panel_meeting_pages
from app.features.panel import pages as panel_pages
from app.features.panel import paper_pages as panel_paper_pages
from app.features.panel import papers_api as panel_papers_api
from app.features.panel import settings_api as panel_settings_api
from app.features.panel import settings_pages as panel_settings_pages
from app.features.prescribers import api as prescribers_api
from app.features.prescribers import own_pages as prescribers_own_pages
from app.features.prescribers import pages as prescribers_pages
from app.features.reservations import api as reservations_api
from app.features.reservations import pages as reservations_pages
from app.features.returns import api as returns_api
from app.features.returns import pages as returns_pages
from app.features.stock import api as stock_api
from app.features.stock import barcodes_api as stock_barcodes_api
from app.features.stock import changes as stock_changes
from app.features.stock import goods_in_pages as stock_goods_in_pages
from app.features.stock import held_api as stock_held_api
from app.features.stock import pages as stock_pages
from app.features.stocktakes import api as stocktakes_api
from app.features.stocktakes import pages as stocktakes_pages
from app.features.stop_use import api as stop_use_api
from app.features.stop_use import pages as stop_use_pages
from app.features.transfers import api as transfers_api
from app.features.transfers import pages as transfers_pages
from app.features.workshop import api as workshop_api
from app.features.workshop import certificate_pages, cleaning_api, cleaning_pages, queue_pages
from app.features.workshop import pages as workshop_pages
from app.features.workshop.inspections import api as inspections_api
from app.features.workshop.inspections import authority_pages, due_api, due_pages, visit_api, visit_pages
from app.features.workshop.inspections import pages as inspections_pages
from app.features.workshop.repairs import api as repairs_api
from app.features.workshop.repairs import bin_pages as parts_bin_pages
from app.features.workshop.repairs import pages as repairs_pages
from app.settings import Settings, check_settings
from app.web import apidocs, health, installable, openapi, problems
from app.web.auth import authorise
from app.web.clock import real_time
from app.web.middleware import Edge

STATIC = Path(__file__).resolve().parent / "static"

ROUTERS = (
    health.router,
    installable.router,
    accounts_api.router,
    users_api.router,
    catalogue_api.router,
    makers_api.router,
    stock_api.router,
    stock_barcodes_api.router,
    stock_held_api.router,
    disposal_api.router,
    clients_api.router,
    loans_api.router,
    collections_api.router,
    stop_use_api.router,
    notices_acting_api.router,
    notices_scope_api.router,
    notices_api.router,
    reservations_api.router,
    prescribers_api.router,
    ordering_api.router,
    panel_api.router,
    panel_papers_api.router,
    panel_settings_api.router,
    panel_learning_api.router,
    recycling_api.router,
    performance_api.router,
    finance_reports_api.router,
    dashboard_api.router,
    finance_periods_api.router,
    finance_reconciling_api.router,
    funding_api.router,
    returns_api.router,
    stocktakes_api.router,
    transfers_api.router,
    workshop_api.router,
    cleaning_api.router,
    repairs_api.router,
    due_api.router,
    inspections_api.router,
    visit_api.router,
    labels_api.router,
    clean_labels_api.router,
    jobs_api.router,
    faults_api.router,
    item_costs_api.router,
    tariffs_api.router,
    charges_api.router,
    budgets_api.router,
    statements_api.router,
    messages_api.router,
    imports_api.router,
    finance_exports_api.router,
    apidocs.router,
    home_pages.router,
    accounts_pages.router,
    users_pages.router,
    messages_pages.router,
    stock_goods_in_pages.router,
    stock_pages.router,
    stock_changes.router,
    disposal_pages.router,
    labels_pages.router,
    label_pages.router,
    faults_pages.router,
    item_costs_pages.router,
    printer_pages.router,
    clean_labels_pages.router,
    job_pages.router,
    catalogue_pages.router,
    makers_pages.router,
    clients_pages.router,
    loans_pages.router,
    trial_pages.router,
    loan_answer_pages.router,
    collection_request_pages.router,
    collection_find_pages.router,
    collections_pages.router,
    collection_scan_pages.router,
    stop_use_pages.router,
    notices_pages.router,
    notices_work_pages.router,
    notices_acting_pages.router,
    notices_review_pages.router,
    notices_closing_pages.router,
    notices_match_pages.router,
    notices_scope_pages.router,
    notices_picture_pages.router,
    reservations_pages.router,
    tariffs_pages.router,
    charges_pages.router,
    prescribers_pages.router,
    prescribers_own_pages.router,
    ordering_draft.router,
    ordering_check.router,
    ordering_store.router,
    ordering_pages.router,
    ordering_scan_pages.router,
    panel_pages.router,
    panel_paper_pages.router,
    panel_deciding_pages.router,
    panel_following_pages.router,
    panel_meeting_pages.router,
    panel_settings_pages.router,
    panel_learning_pages.router,
    recycling_pages.router,
    performance_pages.router,
    finance_front_pages.router,
    finance_reports_pages.router,
    finance_other_pages.router,
    finance_periods_pages.router,
    finance_reconciling_pages.router,
    returns_pages.desk,
    returns_pages.router,
    stocktakes_pages.desk,
    stocktakes_pages.router,
    transfers_pages.desk,
    transfers_pages.router,
    queue_pages.router,
    workshop_pages.router,
    cleaning_pages.router,
    repairs_pages.router,
    parts_bin_pages.router,
    certificate_pages.router,
    due_pages.router,
    visit_pages.router,
    authority_pages.router,
    inspections_pages.router,
    funding_pages.router,
    funders_pages.router,
    dashboard_pages.router,
    budgets_pages.router,
    statements_pages.router,
    imports_pages.router,
    finance_exports_pages.router,
    finance_journal_pages.router,
    finance_pack_pages.router,
)


def create_app(settings: Settings) -> FastAPI:
    """The service. Raises ValueError when a setting that it cannot do without is missing."""
    url = check_settings(settings)
    app = FastAPI(
        title="Equipment Stores",
        version="1",
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        dependencies=[Depends(authorise)],
        lifespan=_lifespan,
    )
    app.state.settings = settings
    app.state.clock = real_time
    app.state.database = database_of(settings, url)
    app.add_middleware(Edge, settings=settings)
    problems.install(app)
    for router in ROUTERS:
        app.include_router(router)
    openapi.describe(app)
    app.mount("/static", StaticFiles(directory=STATIC, check_dir=False), name="static")
    return app


def database_of(settings: Settings, url: str) -> Database:
    """The database that the settings say, with what they say of it."""
    info = {
        COUNTED_DAYS: settings.orders_counted_days,
        LOOK_AHEAD_DAYS: settings.examination_look_ahead_days,
        SECOND_PERSON_PENCE: settings.scrap_second_person_pence,
        REPAIR_LIMIT_PERCENT: settings.repair_limit_percent,
    }
    return Database(
        url,
        info=info,
        pooler=settings.database_pooler,
        reports_url=settings.reports_database_url,
        reports_most_behind=timedelta(seconds=settings.reports_max_lag_seconds),
    )


@asynccontextmanager
async def _lifespan(app: FastAPI) -> AsyncIterator[None]:
    yield
    await app.state.database.dispose()
