"""Which rules are in force, and how that changes: applied by a person, taken back, or because the files changed.

Every change is a new version, and has the records resolved again by it; nothing is ever overwritten. While that is
under way the next change simply comes on top: a record is resolved by what is in force when its turn comes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import orjson
import structlog
from pydantic import BaseModel

from hub.application.repeating import repeated
from hub.errors import NotFound, RefusedError
from hub.matching import rules as identity_rules
from hub.matching.rules import IdentityRules
from hub.profiles.survivorship import SurvivorshipRules
from hub.rules import RuleSet, dumped
from hub.store import identity_locks, judgements, records, versions
from hub.store.database import Database, Session
from hub.store.versions import VersionRow

log = structlog.get_logger()

CONFIGURATION = "configuration"
"""By whom a version is that was made of the files of rules."""

CHANGED_MEANWHILE = "somebody else changed the rules meanwhile"

Rules = TypeVar("Rules", bound=BaseModel | None)


@dataclass(frozen=True, slots=True)
class Applied:
    """``version`` is in force; ``stored`` is False where it was already. ``waiting`` records are to be resolved."""

    version: int
    stored: bool
    waiting: int
    restores: int | None = None


class RuleVersions:
    """The versions of one database. ``identity`` and ``survivorship`` are as configured."""

    def __init__(self, database: Database, identity: IdentityRules, survivorship: SurvivorshipRules) -> None:
        self._database = database
        self._configured = RuleSet(identity, survivorship)

    def take_configuration(self) -> Applied | None:
        """Put in force what the files say, if they changed since that was looked at last; None if they did not.

        Of two files only what changed is taken: what a person applied of the other stays.
        """
        with self._database.session() as session:
            last = versions.configured(session)
        if last is not None and _read(last.configured) == self._configured:
            return None
        done = self._change(self._take)
        if done.stored and done.waiting:
            log.warning(
                "rules.configuration_changed",
                version=done.version,
                waiting=done.waiting,
                next_time="hub rules try FILE shows what a change would do",
                undo="hub rules rollback",
            )
        return done

    def apply(self, rules: RuleSet, *, by: str, note: str = "", expected: int | None = None) -> Applied:
        """Put these rules in force. Rules that are not given, and the weights, stay as they are.

        Raises RefusedError where another version than the ``expected`` one (0: none) is in force by now.
        """

        def change(session: Session) -> Applied:
            if expected is not None and versions.active_id(session) != expected:
                raise RefusedError(CHANGED_MEANWHILE)
            current = self._recorded(session)
            wanted = RuleSet(rules.identity or current.rules.identity, rules.survivorship or current.rules.survivorship)
            return self._put(session, current, wanted, current.row.model, by=by, note=note)

        return self._change(change)

    def rollback(self, version: int | None, *, by: str) -> Applied:
        """Put an earlier version in force again, with its weights; None: the one before. Raises NotFound, RefusedError.

        The merges that the machine has held back since then are released, and looked at anew.
        """

        def change(session: Session) -> Applied:
            current = self._recorded(session)
            target = versions.before(session, current.row.id) if version is None else versions.get(session, version)
            if target is None:
                if version is None:
                    raise RefusedError("there is no earlier version to go back to")
                raise NotFound(f"there is no version {version}; `hub rules list` shows those there are")
            since = versions.ended_at(session, target.id)
            if target.active or since is None:
                raise RefusedError(f"version {target.id} is in force already")
            judgements.withdraw_holds(session, since, by, session.now())
            wanted = self._of(target)
            note = f"rollback to version {target.id}"
            return self._put(session, current, wanted, target.model, by=by, note=note, restores=target.id)

        return self._change(change)

    def says_otherwise(self, rules: RuleSet) -> list[str]:
        """Which of these rules are not what the files say: ``identity``, ``survivorship``."""
        pairs = {
            "identity": (rules.identity, self._configured.identity),
            "survivorship": (rules.survivorship, self._configured.survivorship),
        }
        return [name for name, (given, configured) in pairs.items() if given is not None and given != configured]

    def _take(self, session: Session) -> Applied:
        active = _active(session)
        last = versions.configured(session)
        if last is None:
            current = self._recorded(session)
            return Applied(current.row.id, stored=True, waiting=versions.waiting(session))
        if _read(last.configured) == self._configured:
            return Applied(active.id if active else last.id, stored=False, waiting=0)
        before, in_files = _read(last.configured), _said_before(last.configured)
        current = self._recorded(session)
        files_changed = not (
            _says(in_files, "identity", self._configured) and _says(in_files, "survivorship", self._configured)
        )
        wanted = RuleSet(
            _taken("identity", in_files, before.identity, current.rules.identity, self._configured),
            _taken("survivorship", in_files, before.survivorship, current.rules.survivorship, self._configured),
        )
        if wanted == current.rules and not files_changed:
            # Only defaults are others, and people's own rules are in force.
            return Applied(current.row.id, stored=False, waiting=0)
        note = "configuration changed" if files_changed else "defaults of a new release"
        return self._put(session, current, wanted, current.row.model, by=CONFIGURATION, note=note, configured=True)

    def _recorded(self, session: Session) -> _Current:
        """The version in force. When none is stored yet, the configuration is stored as one."""
        active = _active(session)
        if active is None or versions.configured(session) is None:
            wanted = self._of(active) if active else self._configured
            _store(session, wanted, active.model if active else None, CONFIGURATION, "as configured", self._configured)
            active = _active(session)
            assert active is not None
        return _Current(active, self._of(active))

    def _of(self, row: VersionRow) -> RuleSet:
        return RuleSet(
            identity_rules.loaded(row.rules) if row.rules else self._configured.identity,
            SurvivorshipRules.model_validate_json(row.survivorship)
            if row.survivorship
            else self._configured.survivorship,
        )

    def _put(
        self,
        session: Session,
        current: _Current,
        wanted: RuleSet,
        model: str | None,
        *,
        by: str,
        note: str,
        configured: bool = False,
        restores: int | None = None,
    ) -> Applied:
        weighed = wanted.identity != current.rules.identity or model != current.row.model
        if not weighed and wanted.survivorship == current.rules.survivorship and not configured and restores is None:
            return Applied(current.row.id, stored=False, waiting=versions.waiting(session))
        version = _store(session, wanted, model, by, note, self._configured if configured else None, restores)
        if weighed:
            waiting = versions.queue_all(session)
        elif wanted.survivorship != current.rules.survivorship:
            waiting = versions.queue_profiles(session)
        else:
            waiting = versions.waiting(session)
        session.announce("process")
        return Applied(version, stored=True, waiting=waiting, restores=restores)

    def _change(self, change: Callable[[Session], Applied]) -> Applied:
        def attempt() -> Applied:
            with self._database.session() as session:
                # Whoever records or places shares these: what was decided by the old rules is stored, and queued.
                identity_locks.rules_alone(session)
                return change(session)

        done = repeated(attempt, pause=0.05, told=lambda error: log.info("rules.repeated", reason=type(error).__name__))
        if done.stored:
            log.info("rules.in_force", version=done.version, waiting=done.waiting, restores=done.restores)
        return done


@dataclass(frozen=True, slots=True)
class _Current:
    """The version in force, and its rules."""

    row: VersionRow
    rules: RuleSet


def _active(session: Session) -> VersionRow | None:
    version = versions.active_id(session)
    return versions.get(session, version) if version else None


def _store(
    session: Session,
    rules: RuleSet,
    model: str | None,
    by: str,
    note: str,
    configured: RuleSet | None = None,
    restores: int | None = None,
) -> int:
    return versions.activate(
        session,
        rules=dumped(RuleSet(rules.identity)),
        survivorship=dumped(RuleSet(None, rules.survivorship)),
        model=model,
        records=records.count(session),
        note=note,
        by=by,
        now=session.now(),
        configured=_text(configured) if configured else None,
        restores=restores,
    )


def _text(rules: RuleSet) -> str:
    """The rules with all defaults, and ``said``: what the files themselves say."""
    complete = {name: part.model_dump(mode="json") for name in _PARTS if (part := getattr(rules, name))}
    return orjson.dumps({**complete, "said": {name: _said(rules, name) for name in _PARTS}}).decode()


_PARTS = ("identity", "survivorship")


def _said(rules: RuleSet, part: str) -> Any:
    part_rules: BaseModel | None = getattr(rules, part)
    return part_rules.model_dump(mode="json", exclude_unset=True) if part_rules else {}


def _said_before(text: str | None) -> Any:
    """What the files said; of a release that did not note it, the rules with all defaults."""
    stored = orjson.loads(text or "{}")
    return stored.get("said") or {name: _Complete(stored.get(name, {})) for name in _PARTS}


class _Complete(dict[str, Any]):
    """Rules with all defaults."""


def _says(before: Any, part: str, configured: RuleSet) -> bool:
    """Whether the files say of a part what they said before, whatever is default now."""
    now: BaseModel = getattr(configured, part)
    in_files = before.get(part, {})
    if isinstance(in_files, _Complete):
        in_files = _restricted(in_files, _said(configured, part))
    return type(now).model_validate(in_files) == now


def _restricted(complete: Any, in_files: Any) -> Any:
    if isinstance(in_files, dict) and isinstance(complete, dict):
        return {name: _restricted(complete[name], value) for name, value in in_files.items() if name in complete}
    return complete


def _taken(part: str, in_files: Any, before: Rules, current: Rules, configured: RuleSet) -> Rules:
    """The rules of a part to be in force: as configured where the files changed, else what is in force.

    Where nobody put others in force than the files and defaults of before, a new release's defaults are taken too.
    """
    now: Rules = getattr(configured, part)
    return now if not _says(in_files, part, configured) or current == before else current


def _read(text: str | None) -> RuleSet:
    stored = orjson.loads(text or "{}")
    return RuleSet(
        IdentityRules.model_validate(stored.get("identity", {})),
        SurvivorshipRules.model_validate(stored.get("survivorship", {})),
    )
