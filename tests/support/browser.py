"""Chromium for tests: they are skipped without it, except in CI, where a missing browser is an error."""

import os
import shutil
from importlib.util import find_spec

import pytest

INSTALL = "pip install 'monitor[browser]' && apt install chromium fonts-noto-core fonts-noto-cjk"
_IS_INSTALLED = find_spec("playwright") is not None and bool(shutil.which("chromium") or shutil.which("google-chrome"))

requires_browser = pytest.mark.skipif(
    not _IS_INSTALLED and not os.environ.get("CI"), reason=f"Chromium is not installed: {INSTALL}"
)
