"""The pages' templates, all rendered in one way: escaped, nothing undefined, one head and style, the same macros."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

_HERE = Path(__file__).parent


def render(template: Path, **view: Any) -> str:
    """A page of a template that extends ``base.html`` and may take macros from here, with the style of all pages.

    Raises:
        jinja2.UndefinedError: if the template names something that the view does not have.
    """
    environment = Environment(
        loader=FileSystemLoader([template.parent, _HERE]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    style = Markup((_HERE / "page.css").read_text())
    return environment.get_template(template.name).render(style=style, **view).rstrip() + "\n"
