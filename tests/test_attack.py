"""A small share of benchmarks/attack, with fixed seeds."""

from __future__ import annotations

import resource
import sys

import numpy as np
import pytest

import phasecalc as pc
from benchmarks.attack import api, commands, exact, faults, newer, threads
from benchmarks.attack.report import Attack, table


def held(found: Attack, inputs: int) -> None:
    assert found.failures == []
    assert found.inputs >= inputs


@pytest.fixture
def undisturbed(monkeypatch):
    """The limits that the fuzzer of commands sets are those of a process of its own."""
    monkeypatch.setattr(resource, "setrlimit", lambda *_: None)


@pytest.mark.filterwarnings("default")  # a warning of a line is a failure of that line
@pytest.mark.usefixtures("undisturbed")
def test_command_lines():
    held(commands.attack(300, seed=5), 300)


@pytest.mark.long
@pytest.mark.filterwarnings("default")
@pytest.mark.usefixtures("undisturbed")
def test_many_command_lines():
    held(commands.attack(3000, seed=6), 3000)


def test_arrays_of_every_kind():
    for found in api.attack(60, seed=5):
        held(found, 15)


def test_algebraic_entries():
    held(exact.attack_algebraic(12, seed=5), 12)


def test_diagrams_of_candidates_of_ones_own():
    held(exact.attack_candidates(25, seed=5, roots=False), 25)


def test_arguments_of_the_newer_functions():
    for found in newer.attack(15, seed=5):
        held(found, 15)


def test_damaged_files():
    held(faults.attack_damage(60, seed=5), 60)


def test_every_record_goes_through_a_pickle():
    held(threads.attack_records(), 25)


def test_threads_get_the_bits_that_one_gets():
    held(threads.attack_threads(3, seed=5), 6)


@pytest.mark.skipif(sys.platform != "linux", reason="forks")
def test_a_fork_after_use_computes():
    held(threads.attack_forks(1), 1)


@pytest.mark.long
@pytest.mark.parametrize("name", ["train", "derive", "trace"])
def test_killed_runs_go_on(name):
    held(faults.attack_kill(name, 2, seed=5), 1)


@pytest.mark.long
def test_full_disks():
    held(faults.attack_disk(seed=5), 8)


def test_what_fails_is_shown():
    found = Attack("none")
    found.expect(True, "one")
    found.expect(False, "two")
    assert found.failures == ["two"]
    assert table([found]).splitlines()[1].split() == ["none", "2", "1"]


def test_a_value_is_shown_on_one_line():
    with pytest.raises(TypeError, match="levels = array") as refused:
        pc.certify_cells(levels=np.zeros((3, 3)))  # type: ignore[arg-type]
    assert "\n" not in str(refused.value)
