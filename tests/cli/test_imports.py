"""`stores import`, as the command that an operator types."""

from pathlib import Path

from sqlalchemy import text

from app.features.imports.columns import Kind
from app.features.imports.columns_doc import sample
from app.features.imports.service import ONE_AT_A_TIME
from tests.cli.test_commands import stores
from tests.conftest import Scratch

SAMPLES = Path(__file__).resolve().parents[2] / "docs" / "samples"


async def test_the_published_samples_import_and_the_second_time_change_nothing(scratch: Scratch) -> None:
    for kind, held in ((Kind.CATALOGUE, ""), (Kind.ITEMS, " (1 on hold, as used before)"), (Kind.CLIENTS, "")):
        words = ("import", kind, str(SAMPLES / f"{kind}.csv"))
        would = f"Checked, nothing written. It would be: 3 new{held}, 0 changed, 0 there already."
        assert await stores(scratch, *words, "--dry-run") == (0, would)
        assert await stores(scratch, *words) == (0, f"Imported: 3 new{held}, 0 changed, 0 there already.")
        assert await stores(scratch, *words) == (0, "Imported: 0 new, 0 changed, 3 there already.")
    code, said = await stores(scratch, "audit", "verify")
    assert (code, "Every chain holds: 3 movements" in said) == (0, True), said


async def test_faults_are_listed_and_end_with_one(scratch: Scratch, tmp_path: Path) -> None:
    file = tmp_path / "items.csv"
    file.write_text("import_ref,product_code,store,received_on\nA,[red]NONE,MAIN,x\n" + "B,P,NORTH,2026-01-05\n" * 1001)
    code, said = await stores(scratch, "import", "items", str(file))
    assert code == 1
    assert "bad-code" in said
    assert "bad-date" in said
    assert "unknown-product" in said
    assert "And 2,004 more." in said
    assert "Faults: 3,004. Rows read: 1,002. Nothing was written." in said


async def test_differences_and_changes_are_told(scratch: Scratch, tmp_path: Path) -> None:
    for kind in (Kind.CATALOGUE, Kind.ITEMS):
        await stores(scratch, "import", kind, str(SAMPLES / f"{kind}.csv"))
    file = tmp_path / "changed.csv"
    file.write_text(sample(Kind.CATALOGUE).replace("31.50", "33"))
    code, said = await stores(scratch, "import", "catalogue", str(file))
    assert (code, "£31.50 and becomes £33.00." in said) == (0, True), said
    assert "0 new, 1 changed, 2 there already" in said
    file.write_text(sample(Kind.ITEMS).replace("29.95", "30"))
    code, said = await stores(scratch, "import", "items", str(file))
    assert (code, "Differences: 1. These items stay as they are." in said) == (0, True), said


async def test_a_second_import_is_told_to_wait(scratch: Scratch) -> None:
    async with scratch.database.sessions.begin() as session:
        assert await session.scalar(ONE_AT_A_TIME)
        code, said = await stores(scratch, "import", "catalogue", str(SAMPLES / "catalogue.csv"))
    assert (code, "Another import is running." in said) == (1, True), said


async def test_what_the_database_refuses_is_said_and_nothing_is_written(scratch: Scratch, tmp_path: Path) -> None:
    """A rule that only the database knows stands in for somebody who was quicker."""
    async with scratch.database.sessions.begin() as session:
        await session.execute(
            text("ALTER TABLE product ADD CONSTRAINT uq_client_nhs_number CHECK (code <> 'IMP-HOIST')")
        )
    code, said = await stores(scratch, "import", "catalogue", str(SAMPLES / "catalogue.csv"))
    assert code == 1, said
    assert "Somebody else changed the records meanwhile. Nothing was written." in said
    assert await scratch.query("SELECT code FROM product") == []


async def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    code, said = await stores(None, "import", "items", str(tmp_path / "none.csv"))
    assert (code, "does not exist" in said) == (2, True), said
