"""An SVG file's text made part of a page: in the page's colours, with identifiers of its own."""

from __future__ import annotations

import re
from html import escape

from markupsafe import Markup

from flows.report.drawing import VARIABLES, Plot

_HEADER = re.compile(r"^.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_FIXED_SIZE = re.compile(r'\s(?:width|height)="[\d.]+pt"')
_NAMESPACES = re.compile(r'\sxmlns(?::\w+)?="[^"]*"')
_REFERENCE = re.compile(r'(\bid="|href="#|url\(#)')
_COMMENT = re.compile(r"\s*<!--.*?-->", re.DOTALL)
_COLOUR = re.compile("|".join(VARIABLES))


def inline_svg(plot: Plot) -> Markup:
    """The figure as an ``<svg>`` element: no header, no address, scaled by the page, named for screen readers."""
    text = _COMMENT.sub("", _METADATA.sub("", _HEADER.sub("", plot.svg)))
    opening, rest = text.split(">", 1)
    opening = _NAMESPACES.sub("", _FIXED_SIZE.sub("", opening))
    opening += f' role="img" aria-label="{escape(f"{plot.title}. {plot.caption}")}"'
    text = f"{opening}>{rest}".replace("xlink:href", "href")
    text = _REFERENCE.sub(rf"\g<1>{plot.name}-", text)
    return Markup(_COLOUR.sub(lambda match: f"var(--{VARIABLES[match[0]]})", text).strip())
