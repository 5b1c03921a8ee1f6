"""Gather what the rules judge by: every page and metadata file that is needed, all at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import date

from stackproof.base.memory import Memory
from stackproof.base.text import without_credentials
from stackproof.errors import CannotJudgeError
from stackproof.index.client import IndexClient
from stackproof.index.core_metadata import CoreMetadata
from stackproof.index.releases import File, Project, Release
from stackproof.matrix.planned import PlannedPin
from stackproof.metadata.audit.subject import PinFacts, Source, Subject
from stackproof.reasons.reason import Reason, reason

__all__ = ["Gatherer"]

_AT_ONCE = 16
_NAMED = 3


class Gatherer:
    """Asks the default index and those of stages, each thing once."""

    def __init__(self, client: IndexClient, memory: Memory, index: str, today: date) -> None:
        self._client = client
        self._memory = memory
        self._today = today
        self.index = index
        self.serves: dict[str, str | None] = {}
        self.notes: list[str] = []
        self.trouble: list[Reason] = []

    def choose_indexes(self, sources: Iterable[Source]) -> None:
        """Find out which index serves each stage: its own, or the default one if that is down."""
        for source in sources:
            for stage in source.plan.stages:
                if stage.index and stage.pins and stage.index not in self.serves:
                    self._choose(stage.index, stage.pins[0])

    def subjects(self, sources: list[Source]) -> list[Subject]:
        """Return the rows with everything that the indexes say of their pins.

        One that cannot be judged by them is left out, and becomes trouble. Raises CannotJudgeError
        if an index fails, or does not look like one.
        """
        wanted = {
            (self._index_of(source, pin.name), pin.name)
            for source in sources
            for pin in source.plan.pins
        }
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            answers = pool.map(lambda pair: self._client.project(*pair), wanted)
            projects = dict(zip(wanted, answers, strict=True))
        self._require_sense(projects)
        facts = [self._pins(source, projects) for source in sources]
        return [
            Subject(**vars(source), pins=pins, today=self._today)
            for source, pins in zip(sources, facts, strict=True)
            if self._has_times(source, pins)
        ]

    def elsewhere(self, subject: Subject, moved: Source) -> Subject:
        """Return a row as it would be on another platform, its pins without metadata.

        What its page has of a pin was asked for here. Raises CannotJudgeError if an index fails.
        """
        found = {}
        for pin in moved.plan.pins:
            known = subject.pins.get(pin.name)
            index = self._index_of(moved, pin.name)
            project = known.project if known else self._client.project(index, pin.name)
            found[pin.name] = self._known(moved, pin, project)
        return Subject(**vars(moved), pins=found, today=self._today)

    def metadata_of(self, source: Subject, named: Iterable[tuple[str, str]]) -> _Metadata:
        """Return the metadata of distributions at given versions, as a row would get them."""
        pairs = sorted(named)
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            return dict(
                zip(pairs, pool.map(lambda p: self._lookup(source, *p), pairs), strict=True)
            )

    def project(self, source: Source, name: str) -> Project | None:
        """Return what the index that serves a distribution has of it.

        Raises CannotJudgeError if the index fails.
        """
        return self._client.project(self._index_of(source, name), name)

    def _choose(self, index: str, project: str) -> None:
        self.serves[index] = index
        try:
            self._client.project(index, project)
        except CannotJudgeError as error:
            self._step_in(index, str(error))
        else:
            if self._client.down(index):
                self._step_in(index, "only its cached pages can be had")

    def _step_in(self, index: str, reason: str) -> None:
        self.serves[index] = None
        self.notes.append(
            f"the default index stands in for {without_credentials(index)}, since {reason}"
        )

    def _index_of(self, source: Source, pin: str) -> str:
        for stage in source.plan.stages:
            if pin in stage.pins and stage.index:
                return self.serves.get(stage.index) or self.index
        return self.index

    def _require_sense(self, projects: Mapping[tuple[str, str], Project | None]) -> None:
        if projects and not any(project and project.files for project in projects.values()):
            names = sorted({name for _, name in projects})
            raise CannotJudgeError(
                f"the package index {without_credentials(self.index)} knows none of "
                f"{', '.join(names[:_NAMED])}{' and the others' if names[_NAMED:] else ''}; "
                "check its address"
            )

    def _pins(
        self, source: Source, projects: Mapping[tuple[str, str], Project | None]
    ) -> dict[str, PinFacts]:
        found = [
            self._facts(source, pin, projects[self._index_of(source, pin.name), pin.name])
            for pin in source.plan.pins
        ]
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            metadata = pool.map(lambda pin: self._metadata(source, pin), found)
            return {
                pin.name: replace(pin, metadata=item)
                for pin, item in zip(found, metadata, strict=True)
            }

    def _facts(self, source: Source, pin: PlannedPin, project: Project | None) -> PinFacts:
        release = _release(source, pin, project)
        index = self._index_of(source, pin.name)
        if project and release is None and not self._client.down(index):
            # A page may count as fresh and be older than the release: that would be a wrong error.
            project = self._client.require(index, pin.name)
        return self._known(source, pin, project)

    def _known(self, source: Source, pin: PlannedPin, project: Project | None) -> PinFacts:
        """Return what the page of a pin's project says of it."""
        release = _release(source, pin, project)
        return PinFacts(
            planned=pin,
            project=project,
            release=release,
            file=source.target.best(release) if release else None,
            metadata=None,
        )

    def _metadata(self, source: Source, pin: PinFacts) -> CoreMetadata | None:
        files: tuple[File, ...] = (pin.file,) if pin.file else ()
        if pin.release and (pin.file is None or not pin.file.is_wheel):
            # Any wheel of the release tells what it requires, if not always all of it.
            files = (*files, *(file for file in pin.release.files if file.is_wheel))
        index = self._index_of(source, pin.name)
        answers = (self._client.metadata(index, file) for file in files)
        return next((found for found in answers if found is not None), None)

    def _lookup(self, source: Subject, name: str, version: str) -> CoreMetadata | None:
        """Return the metadata of any distribution; what is known needs no page."""
        indexes = (self.index, *filter(None, self.serves.values()))
        form = [field.name for field in fields(CoreMetadata)]
        inputs = [indexes, name, version, source.target.full, form]
        if known := self._memory.recall("core-lookup", inputs):
            return CoreMetadata.from_data(known.value)
        found = self._look_up(source, indexes, name, version)
        if found is not None:
            self._memory.keep("core-lookup", inputs, found.to_data())
        return found

    def _look_up(
        self, source: Subject, indexes: tuple[str, ...], name: str, version: str
    ) -> CoreMetadata | None:
        index, file = self._file(source, indexes, name, version)
        return self._client.metadata(index, file) if file else None

    def _file(
        self, source: Source, indexes: tuple[str, ...], name: str, version: str
    ) -> tuple[str, File | None]:
        """Return the index that has a release for a row, and the file of it."""
        for index in indexes:
            project = self._client.project(index, name)
            release = project.find(version, source.plan.cut_off_of(name)) if project else None
            file = source.target.best(release) if release else None
            if file is not None:
                return index, file
        return self.index, None

    def _has_times(self, source: Source, pins: Mapping[str, PinFacts]) -> bool:
        """Tell whether a row's cut-off, if it has one, can be kept; else that is trouble."""
        for pin in pins.values() if source.plan.as_of else ():
            if pin.project and not all(file.uploaded for file in pin.project.files):
                why = reason(
                    "untimed",
                    index=without_credentials(self.index),
                    name=pin.name,
                    kept="--as-of" if source.as_of else reason("cut-off-date"),
                )
                row = f"{source.plan.matrix}/{source.plan.row}"
                self.trouble.append(reason("of-name", name=row, why=why))
                return False
        return True


def _release(source: Source, pin: PlannedPin, project: Project | None) -> Release | None:
    """Return the release of an exact pin, or the newest in a range that can be installed in a row.

    Where there is none of the latter, it is the newest that an installer may choose, or that was
    yanked.
    """
    if project is None:
        return None
    as_of, early = source.plan.cut_off_of(pin.name), source.plan.lets_in(pin.name)
    offered = project.offered(pin.range, as_of, early) if pin.version is None else []
    fitting = (release for release in offered if source.target.best(release) is not None)
    return next(fitting, None) or next(iter(offered), None) or project.find(pin.asked, as_of)


_Metadata = dict[tuple[str, str], CoreMetadata | None]
