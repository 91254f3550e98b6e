"""What cannot be told from a connector's code: the tests that prove it against something outside of it.

It stands in ``proof.yaml`` in the connector's folder, or under ``proof:`` in a declaration. That the tests named are
there, and are about this connector, is checked by ``tests/architecture/test_connector_pages.py``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hub.errors import ConfigError
from hub.yaml_file import Reader, describe

FILE = "proof.yaml"
Rule = Literal["kit", "vendor", "hostile", "refused_values", "live_check", "real_system", "mapping", "set_up"]


class Proof(BaseModel):
    """Paths of tests, and why a rule of the quality scale is not to be had of this system at all."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kit: str | None = Field(None, description="Runs the contract kit; told of what does not lie in hub/connectors.")
    vendor_payloads: str | None = Field(None, description="Reads what the vendor sends or publishes as sent.")
    vendor_spec: str | None = Field(None, description="Checks requests by what the vendor publishes of its API.")
    hostile: str | None = Field(None, description="Lets every call fail in every way, or reads what the field broke.")
    real_system: str | None = Field(None, description="Runs against the system itself.")
    exempt: Mapping[Rule, str] = Field(default_factory=dict, description="Rule of the scale to the reason.")

    @property
    def tests(self) -> Mapping[str, str]:
        """What is proven to the test that proves it."""
        told = self.model_dump(exclude={"exempt"}, exclude_none=True)
        return {str(name): str(path) for name, path in told.items()}

    @property
    def against(self) -> tuple[str, ...]:
        """What it was proven against, the best first."""
        found = (
            ("real system", self.real_system),
            ("vendor spec", self.vendor_spec),
            ("vendor payloads", self.vendor_payloads),
        )
        return tuple(name for name, test in found if test) or ("double from documentation",)


def read_proof(folder: Path) -> Proof:
    """The proof in a connector's folder; an empty one where there is none. Raises ConfigError."""
    path = folder / FILE
    if not path.exists():
        return Proof()
    reader = Reader(None, example="hostile")
    data = reader.open(path)
    try:
        proof, faults = Proof.model_validate(data), reader.faults
    except ValidationError as error:
        proof, faults = Proof(), [*reader.faults, *describe(error, Proof)]
    if faults:
        raise ConfigError([f"{path}: {fault}" for fault in faults])
    return proof
