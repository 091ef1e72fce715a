"""Sets a paper as PDF: tagged (PDF/UA-1), to be kept (PDF/A-2a), fonts within, the same bytes for the same data."""

import json
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib import import_module, resources
from pathlib import Path
from typing import Any

STANDARDS = ["a-2a", "ua-1"]


def pdf(template: str, data: Mapping[str, Any], at: datetime) -> bytes:
    """The paper of a template beside this file; text reaches it as data only, so that none of it is read as markup."""
    typst = import_module("typst")  # loaded only here: no page needs it
    folder = Path(str(resources.files("controls.papers")))
    made: bytes = typst.compile(
        folder / template, root=folder, font_paths=[_fonts()], ignore_system_fonts=True,
        sys_inputs={"data": json.dumps(data, ensure_ascii=False)}, pdf_standards=STANDARDS, timestamp=at,
    )  # fmt: skip
    return made


@cache
def _fonts() -> str:
    """The folder of the fonts' package (IBM Plex Sans, OFL)."""
    return str(Path(import_module("fontpkg_ibm_plex_sans").ROOT) / "files")
