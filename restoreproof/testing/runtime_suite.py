"""What every runtime has to hold, as tests to inherit: subclass the suite and say the runtime's ``name``."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import ClassVar

import pytest

from restoreproof.runtimes import registry as runtimes
from restoreproof.runtimes.driver import RuntimeDriver


class RuntimeSuite:
    """What a runtime has to hold, as far as its driver can be asked without a drill. ``name`` is its name."""

    name: ClassVar[str]

    @pytest.fixture
    def driver(self) -> RuntimeDriver:
        """The driver of that name."""
        return runtimes.driver(self.name)

    def test_it_is_registered_under_the_name_that_it_has(self, driver: RuntimeDriver) -> None:
        assert self.name in runtimes.names()
        assert driver.name == self.name
        assert isinstance(driver, RuntimeDriver)

    def test_its_methods_take_what_the_driver_says(self, driver: RuntimeDriver) -> None:
        for name, method in inspect.getmembers(RuntimeDriver, inspect.isfunction):
            signature = inspect.signature(getattr(type(driver), name))
            assert list(signature.parameters) == list(inspect.signature(method).parameters), name

    def test_it_keeps_no_state(self, driver: RuntimeDriver) -> None:
        assert vars(driver) == {}

    def test_it_says_of_this_machine_what_it_has_without_a_contract(
        self, driver: RuntimeDriver, tmp_path: Path
    ) -> None:
        diagnoses = driver.diagnose(None, tmp_path)
        assert all(diagnosis.what and diagnosis.detail for diagnosis in diagnoses)
        assert all("next:" in diagnosis.detail for diagnosis in diagnoses if not diagnosis.ok)
