"""setup.cfg names exactly the packages that the folders hold, and one version is told."""

from __future__ import annotations

import re

import support_core

from .layout import ROOT, SHELVES, packages, setup_cfg, source_folders


def lines_of(value: str) -> list[str]:
    return [line for line in value.splitlines() if line and not line.startswith("#")]


def test_every_package_folder_is_named_in_setup_cfg_and_none_besides():
    named = lines_of(setup_cfg()["options"]["packages"])
    on_disk = set().union(*(packages(name, path) for name, path in source_folders().items()))
    assert set(named) == on_disk
    assert len(named) == len(set(named))


def test_every_folder_with_python_in_it_is_a_package():
    bare = [
        path.parent.relative_to(ROOT)
        for folder in source_folders().values()
        for path in folder.rglob("*.py")
        if not (path.parent / "__init__.py").exists()
    ]
    assert not bare


def test_package_dir_maps_each_import_package_to_its_folder():
    pairs = (line.split("=") for line in lines_of(setup_cfg()["options"]["package_dir"]))
    mapped = {name.strip(): folder.strip() for name, folder in pairs}
    assert mapped == {name: str(path.relative_to(ROOT)) for name, path in source_folders().items()}


def test_the_shelves_are_no_packages():
    assert not [shelf for shelf in SHELVES if (ROOT / shelf / "__init__.py").exists()]


def test_mypy_and_coverage_look_at_every_import_package():
    config = setup_cfg()
    assert set(config["mypy"]["packages"].split(",")) == {*source_folders(), "tests", "bench"}
    assert set(lines_of(config["coverage:run"]["source"])) == set(source_folders())


def test_every_plugin_is_an_entry_point():
    lines = lines_of(setup_cfg()["options.entry_points"]["support_core.plugins"])
    modules = {line.partition("=")[2].strip().partition(".")[0] for line in lines}
    assert modules == set(source_folders()) - {"support_core"}


def test_setup_cfg_and_the_package_tell_the_same_version():
    assert setup_cfg()["metadata"]["version"] == support_core.__version__


def test_the_changelog_keeps_a_place_for_what_is_not_released():
    assert re.search(r"^## \[Unreleased\]$", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)


def test_a_package_that_is_not_on_disk_would_be_noticed(tmp_path):
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "user.py").touch()
    (tmp_path / "templates").mkdir()
    (tmp_path / "__init__.py").touch()
    assert packages("support_x", tmp_path) == {"support_x", "support_x.models"}
