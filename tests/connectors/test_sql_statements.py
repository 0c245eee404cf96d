import pytest

from okrsync.connect.databases.statements import read_statement

KNOWN = ("start", "end", "as_of")


@pytest.mark.parametrize(
    ("sql", "text", "binds"),
    [
        pytest.param("SELECT 1", "SELECT 1", set(), id="the least"),
        pytest.param("select 1;\n-- done; really\n", "select 1", set(), id="an end, and a remark behind it"),
        pytest.param("-- why\n/* so; */ (SELECT 1)", "-- why\n/* so; */ (SELECT 1)", set(), id="remarks before"),
        pytest.param("WITH t AS (SELECT 1) SELECT * FROM t", None, set(), id="with"),
        pytest.param("SELECT 1 WHERE a >= :start AND a < :end", None, {"start", "end"}, id="parameters"),
        pytest.param("SELECT ':start' || \"a:end\"", "SELECT '\\:start' || \"a\\:end\"", set(), id="none in quotes"),
        pytest.param("SELECT 'a;b', 'it''s;', \"x;\"", None, set(), id="a semicolon in quotes"),
        pytest.param("SELECT a::date, '12:30' FROM t", "SELECT a::date, '12\\:30' FROM t", set(), id="casts and times"),
        pytest.param("SELECT $q$ it's; :no $q$, $$;$$", "SELECT $q$ it's; \\:no $q$, $$;$$", set(), id="dollar quotes"),
        pytest.param("SELECT :start::date", "SELECT (:start)::date", {"start"}, id="a parameter that is cast"),
        pytest.param("SELECT 'into', \"into\" -- into", None, set(), id="a word that means nothing here"),
        pytest.param("SELECT a[ :end]", None, {"end"}, id="in a slice"),
        pytest.param("SELECT a[1:2]", "SELECT a[1\\:2]", set(), id="a slice"),
    ],
)
def test_one_select_passes(sql, text, binds):
    statement = read_statement(sql, KNOWN)

    assert statement.text == (text or sql)
    assert statement.binds == binds


@pytest.mark.parametrize(
    ("sql", "said"),
    [
        pytest.param("SELECT 1; DELETE FROM t", "more than one", id="a second statement"),
        pytest.param("SELECT 1;;SELECT 2", "more than one", id="behind two ends"),
        pytest.param("SELECT '1'; COMMIT --'", "more than one", id="hidden by a remark"),
        pytest.param("SELECT /* /* */ 1; DELETE FROM t -- */", "more than one", id="hidden by nested remarks"),
        pytest.param("SELECT '\\'; DELETE FROM t --'", "backslash", id="a quote that some databases do not end"),
        pytest.param("SELECT E'\\'; DELETE FROM t --'", "backslash", id="a quote that PostgreSQL does not end"),
        pytest.param("SELECT 1 /*! INTO OUTFILE '/tmp/x' */", "execute", id="a remark that MySQL executes"),
        pytest.param("SELECT 1 INTO OUTFILE '/tmp/x'", "says INTO", id="a file that MySQL writes"),
        pytest.param("WITH a AS (SELECT 1) INSERT INTO t SELECT 1", "says INTO", id="an insertion behind a WITH"),
        pytest.param("SELECT 'a", "does not end", id="an open quote"),
        pytest.param("SELECT 1 /* a", "does not end", id="an open remark"),
        pytest.param("DELETE FROM t", "must be a SELECT", id="a deletion"),
        pytest.param("-- SELECT\nDROP TABLE t", "must be a SELECT", id="a remark that looks right"),
        pytest.param("ATTACH 'x.db' AS x", "must be a SELECT", id="another file"),
        pytest.param("PRAGMA query_only=off", "must be a SELECT", id="a setting"),
        pytest.param("", "must be a SELECT", id="nothing"),
        pytest.param(";", "must be a SELECT", id="an end"),
        pytest.param("SELECT 1 WHERE a > :strat", "did you mean 'start'", id="an unknown parameter"),
        pytest.param("SELECT 1\0", "character", id="a character that ends texts in C"),
    ],
)
def test_anything_else_is_refused(sql, said):
    with pytest.raises(ValueError, match=said):
        read_statement(sql, KNOWN)
