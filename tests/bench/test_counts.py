"""The benchmark's counts at its smallest size; its times are for people to read."""

from tests.bench.__main__ import compared, distinct


def test_equal_questions_are_asked_once_and_every_key_result_is_recorded(tmp_path):
    first, again, bare = compared(100, tmp_path)

    assert first.calls == again.calls == bare.calls == distinct(100) == 80
    assert first.rows == again.rows == 100
