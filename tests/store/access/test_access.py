import pytest
from sqlalchemy import Engine, text

from store.access.lockout import FORGIVEN, LONGEST_PAUSE_SECONDS, find_pause, forgive, is_locked, note_failure
from store.access.sessions import SessionRules, begin_session, clear_sessions, end_session, find_session, touch_session
from store.access.users import add_user, change_user, end_sessions_of, find_user, has_users, list_users
from store.audit import list_events
from store.database import reading
from store.errors import UserError
from store.states import Role

RULES = SessionRules(idle_seconds=900, longest_seconds=43_200)
TOKEN = "t" * 43


def enter(engine: Engine, name: str = "alice", role: Role = Role.REVIEWER) -> int:
    with engine.begin() as connection:
        add_user(connection, name, role, "hash")
        user = find_user(connection, name)
    assert user is not None
    return user.id


def test_a_user_is_entered_once_and_each_change_is_an_event(engine: Engine) -> None:
    with reading(engine) as connection:
        assert not has_users(connection)
    enter(engine)
    with pytest.raises(UserError, match="already"), engine.begin() as connection:
        add_user(connection, "alice", Role.ADMIN, "other")
    with engine.begin() as connection:
        change_user(connection, "alice", "user_disabled", disabled=True)
    with pytest.raises(UserError, match="no user 'bob'"), engine.begin() as connection:
        change_user(connection, "bob", "user_disabled", disabled=True)
    with reading(engine) as connection:
        assert [(user.name, user.role, user.disabled) for user in list_users(connection)] == [
            ("alice", Role.REVIEWER, True)
        ]
        assert not has_users(connection)
        assert [event[1] for event in list_events(connection)] == ["user_disabled", "user_added"]


def test_a_session_lasts_until_it_is_idle_or_old_or_its_user_is_disabled(engine: Engine) -> None:
    user_id = enter(engine)
    with engine.begin() as connection:
        begin_session(connection, TOKEN, user_id, "::1")
        session = find_session(connection, TOKEN, RULES)
        assert session is not None
        assert (session.user.name, session.address) == ("alice", "::1")
        assert find_session(connection, "another", RULES) is None
        assert find_session(connection, TOKEN, SessionRules(900, 0.0)) is None
        assert find_session(connection, TOKEN, SessionRules(-1.0, 43_200)) is None
        touch_session(connection, TOKEN)
        clear_sessions(connection, RULES)
        assert find_session(connection, TOKEN, RULES) is not None
        change_user(connection, "alice", "user_disabled", disabled=True)
        assert find_session(connection, TOKEN, RULES) is None


def test_the_ledger_keeps_no_token_and_logging_off_everywhere_ends_all(engine: Engine) -> None:
    user_id = enter(engine)
    with engine.begin() as connection:
        for number in range(3):
            begin_session(connection, f"{TOKEN}{number}", user_id, "::1")
        kept = connection.execute(text("SELECT token_sha256 FROM sessions")).scalars().all()
        assert all(TOKEN not in each for each in kept)
        end_session(connection, f"{TOKEN}0")
        assert end_sessions_of(connection, user_id) == 2
        clear_sessions(connection, SessionRules(0.0, 0.0))


def test_who_fails_again_and_again_waits_and_who_logs_in_is_forgiven(engine: Engine) -> None:
    for _ in range(FORGIVEN - 1):
        with engine.begin() as connection:
            note_failure(connection, "user alice", "address ::1")
            assert not is_locked(connection, "user alice", "address ::1")
    with engine.begin() as connection:
        note_failure(connection, "user alice", "address ::1")
        assert is_locked(connection, "user alice")
        assert is_locked(connection, "user bob", "address ::1")
        assert not is_locked(connection, "user bob", "address ::2")
        forgive(connection, "user alice", "address ::1")
        assert not is_locked(connection, "user alice", "address ::1")


def test_pauses_double_and_have_an_end() -> None:
    pauses = [find_pause(failures) for failures in range(FORGIVEN - 1, FORGIVEN + 3)]
    assert pauses == [0.0, 5.0, 10.0, 20.0]
    assert find_pause(10_000) == LONGEST_PAUSE_SECONDS
