import re
import threading

from erth_sidecar.ids import is_uuid, later_than, now_text, uuid7


def test_an_id_is_a_uuid_of_version_7() -> None:
    assert re.fullmatch(
        r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", uuid7()
    )
    assert is_uuid(uuid7())
    assert not is_uuid("../etc")


def test_ids_sort_as_they_were_made() -> None:
    made = [uuid7() for _ in range(20_000)]
    assert made == sorted(made)


def test_ids_of_many_threads_differ() -> None:
    made: list[str] = []
    threads = [
        threading.Thread(target=lambda: made.extend([uuid7() for _ in range(2000)]))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 8000


def test_times_have_a_fixed_width_and_can_be_moved() -> None:
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", now_text())
    assert later_than("2026-12-31T23:59:59.999Z") == "2027-01-01T00:00:00.000Z"
    assert later_than("2026-03-01T00:00:00.000Z", -24 * 3600 * 1000) == "2026-02-28T00:00:00.000Z"
